// The card of the run: start, pause, resume and reset, its figures and its curves.
import { Curves } from '../page/chart.tsx'
import { Button, once } from '../page/controls.tsx'
import { Card, Figures } from '../page/shell.tsx'
import { pause, reset, start } from './session.ts'
import { accuracies, curve, type Phase, phase, progress, scores, settings } from './state.ts'

/** What the button does in each phase; it waits where the phase passes by itself. */
const BUTTONS: Readonly<Record<Phase, { readonly says: string; readonly run?: () => unknown }>> = {
  empty: { says: 'Start', run: start },
  busy: { says: 'Starting…' },
  running: { says: 'Pause', run: pause },
  pausing: { says: 'Pausing…' },
  paused: { says: 'Resume', run: start },
  done: { says: 'Done' },
  lost: { says: 'Stopped' },
}

/** For those who hear the page. */
const STATES: Readonly<Record<Phase, string>> = {
  empty: 'Nothing is trained yet.',
  busy: 'Loading the digits and making the network.',
  running: 'Training.',
  pausing: 'Pausing.',
  paused:
    'Held between two steps. Resume goes on with the same network; the epoch begins anew, in another order.',
  done: 'All epochs are done. Raise Epochs to go on.',
  lost: 'The GPU went away.',
}

export function Training() {
  const now = phase.value
  const canGoOn = now === 'done' && (progress.value?.epoch ?? 0) < settings.value.epochs
  const { says, run } = canGoOn ? { says: 'Resume', run: start } : BUTTONS[now]
  return (
    <Card
      title="Training"
      hint="The network sees digits batch by batch; each step moves its weights a little, so that it would have been less wrong."
      actions={
        <>
          <Button kind="primary" dimmed={!run} onClick={once(() => run?.())}>
            {says}
          </Button>
          <Button hint="Forgets the network. The settings stay." dimmed={now === 'empty'} onClick={reset}>
            Reset
          </Button>
        </>
      }
    >
      <div class="stack training">
        <State />
        <Counts />
        <LossChart />
        <AccuracyChart />
      </div>
    </Card>
  )
}

// Each is drawn anew when what it shows has changed: together they would be a long task, many times a second.

function State() {
  const now = phase.value
  return (
    <p class="muted small" role="status">
      {now === 'paused' && !progress.value ? 'The network is ready. Resume trains it.' : STATES[now]}
    </p>
  )
}

function Counts() {
  const { step = 0, epoch = 0, samplesPerSecond = 0 } = progress.value ?? {}
  const loss = curve.value.losses.at(-1)
  const judged = scores.value
  return (
    <Figures
      of={{
        Epoch: `${epoch} of ${settings.value.epochs}`,
        Step: step.toLocaleString('en'),
        'Digits/s': samplesPerSecond > 0 ? Math.round(samplesPerSecond).toLocaleString('en') : '–',
        Loss: loss === undefined ? '–' : loss.toFixed(3),
        'Test loss': judged ? judged.loss.toFixed(3) : '–',
        'Test accuracy': judged ? `${(100 * judged.accuracy).toFixed(1)} %` : '–',
      }}
    />
  )
}

function LossChart() {
  const { steps, losses, tests } = curve.value
  return (
    <div>
      <h3>Loss</h3>
      <Curves
        label="Loss by step, in training and on test digits"
        xLabel="step"
        x={steps}
        curves={[
          { name: 'train', color: '--blue', values: losses },
          { name: 'test', color: '--orange', values: tests, dashed: true },
        ]}
        height={170}
      />
    </div>
  )
}

/** The untrained network may fall out of it below: that of the others is what is looked for. */
function rangeOf(history: typeof accuracies.value): readonly [number, number] {
  const least = Math.min(
    100,
    ...history.filter(({ epoch }) => epoch > 0).map(({ accuracy }) => 100 * accuracy),
  )
  return history.length > 1 ? [Math.max(0, 5 * Math.floor((least - 1) / 5)), 100] : [0, 100]
}

function AccuracyChart() {
  const history = accuracies.value
  return (
    <div>
      <h3>Accuracy on test digits</h3>
      <Curves
        label="Share of the test digits read right, by epoch, in percent"
        xLabel="epoch"
        x={history.map(({ epoch }) => epoch)}
        curves={[
          { name: 'percent right', color: '--green', values: history.map(({ accuracy }) => 100 * accuracy) },
        ]}
        range={rangeOf(history)}
        height={150}
      />
    </div>
  )
}
