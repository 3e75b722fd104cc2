// The playground: networks built by hand, watched while they learn.
import './playground.css'
import { Button, once } from '../page/controls.tsx'
import { Hint } from '../page/hint.tsx'
import { Figures, mount, PAGES, Shell } from '../page/shell.tsx'
import { DataPanel } from './data_panel.tsx'
import { FAILED } from './frame.ts'
import { Graph } from './graph.tsx'
import { canRedo, canUndo, redo, undo } from './history.ts'
import { Output } from './output.tsx'
import { detour, frame, isPausing, isPlaying, pause, play, problem, reset, start, step } from './session.ts'
import { HealthCard, Program, WeightFile } from './tools.tsx'
import { TrainingPanel } from './training_panel.tsx'
import { short } from './words.ts'

function Bar() {
  const current = frame.value
  const isReady = problem.value !== null
  const scores = current?.scores
  const [validation, accuracy] = [scores?.validation ?? null, scores?.accuracy ?? null]
  const hasEnded = current?.ended ?? null
  return (
    <section class="card bar" aria-label="Run">
      <div class="row">
        {isPlaying.value || isPausing.value ? (
          <Button
            kind="primary"
            dimmed={isPausing.value}
            onClick={once(pause)}
            hint="Holds training at the end of the epoch."
          >
            {isPausing.value ? 'Pausing…' : 'Pause'}
          </Button>
        ) : (
          <Button
            kind="primary"
            disabled={!isReady || hasEnded !== null}
            onClick={once(play)}
            hint="Trains until you pause it."
          >
            Play
          </Button>
        )}
        <Button
          disabled={!isReady || hasEnded !== null}
          onClick={step}
          hint="Trains for one epoch: once through the training data."
        >
          Step
        </Button>
        <Button disabled={!isReady} onClick={reset} hint="Back to the first weights.">
          Reset
        </Button>
        <Button dimmed={!canUndo.value} onClick={undo} hint="Takes the last change of a setting back.">
          Undo
        </Button>
        <Button dimmed={!canRedo.value} onClick={redo} hint="Makes it again.">
          Redo
        </Button>
        <Hint
          about="Run"
          text="Play trains until you pause it, Step for one epoch: once through the training data. Reset goes back to the first weights. Undo takes the last change of a setting back, Redo makes it again."
        />
      </div>
      <Figures
        of={{
          Epoch: (current?.epoch ?? 0).toLocaleString('en'),
          'Train loss': short(scores?.train),
          ...(validation === null ? {} : { 'Validation loss': short(validation) }),
          'Test loss': short(scores?.test),
          ...(accuracy === null ? {} : { 'Test accuracy': `${(100 * accuracy).toFixed(1)} %` }),
          'Learning rate': short(current?.learningRate),
        }}
      />
      {(detour.value || hasEnded) && (
        <p class="muted bar-note" role="status">
          {hasEnded === FAILED
            ? 'Training has ended: what went wrong stands at the top of the page. Change a setting, or press Reset. '
            : hasEnded && `Training has ended: ${hasEnded}. Reset to begin anew. `}
          {detour.value && `${detour.value} The link gives a run without that.`}
        </p>
      )}
    </section>
  )
}

mount(
  <Shell current="playground" title={PAGES.playground.title} lead={PAGES.playground.says}>
    <div class="stack">
      <Bar />
      <div class="playground">
        <DataPanel />
        <Graph />
        <Output />
        <TrainingPanel />
      </div>
      <div class="tools">
        <div class="stack">
          <HealthCard />
          <WeightFile />
        </div>
        <Program />
      </div>
    </div>
  </Shell>,
)

void start()
