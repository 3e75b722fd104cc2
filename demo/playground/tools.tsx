// What can be taken away or looked into: the program, the weights, and the health of the layers.

import { useEffect, useState } from 'preact/hooks'
import { chooseFiles } from '../page/choose.ts'
import { Button, Checkbox } from '../page/controls.tsx'
import { copyText, download } from '../page/download.ts'
import { tellProblem } from '../page/notices.tsx'
import { Scroller } from '../page/scroller.tsx'
import { Card } from '../page/shell.tsx'
import { programOf } from './code.ts'
import type { LayerHealth } from './health.ts'
import { settings, table } from './history.ts'
import { diagnose, frame, isPlaying, load, problem, save } from './session.ts'
import { short } from './words.ts'

export function Program() {
  const [said, setSaid] = useState('')
  const view = problem.value
  // While it trains, the program would be another ten times a second.
  const epoch = (isPlaying.value ? 0 : frame.value?.epoch) ?? 0
  if (!view) return null
  const text = programOf(settings.value, {
    task: view.task,
    inputs: view.inputs,
    trainRows: view.rows.train,
    epochs: epoch || 100,
    isPaused: epoch > 0 && !frame.value?.ended,
    file: table.value,
  })
  return (
    <Card
      title="As a program"
      hint="This run in TypeScript: with the library installed it runs unchanged, in Node.js or a page, and trains the same network for as many epochs."
      actions={
        <>
          <Button
            onClick={() => {
              copyText(text).then(() => setSaid('Copied.'), tellProblem)
            }}
          >
            Copy
          </Button>
          <Button onClick={() => download('network.ts', text, 'text/plain')}>Download</Button>
        </>
      }
    >
      <textarea
        class="program"
        readOnly
        rows={16}
        spellcheck={false}
        aria-label="TypeScript program"
        value={text}
      />
      <p class="unseen" role="status">
        {said}
      </p>
    </Card>
  )
}

export function WeightFile() {
  return (
    <Card
      title="Weights as a file"
      hint="A safetensors file holds the weights and the optimizer's state. It loads here, with io.loadSafetensors, and in Python."
    >
      <div class="row">
        <Button
          onClick={async () => {
            const bytes = await save()
            if (bytes) download('network.safetensors', bytes)
          }}
        >
          Download the weights
        </Button>
        <Button
          hint="Puts weights of a network of the same shape into this one."
          onClick={async () => {
            const [file] = await chooseFiles('.safetensors')
            file?.arrayBuffer().then(buffer => load(new Uint8Array(buffer)), tellProblem)
          }}
        >
          Load weights
        </Button>
      </div>
    </Card>
  )
}

const EVERY = 1000 // ms

export function HealthCard() {
  const [isOn, setOn] = useState(false)
  const [health, setHealth] = useState<Awaited<ReturnType<typeof diagnose>> | null>(null)
  useEffect(() => {
    if (!isOn) return
    let isWanted = true
    const look = async () => {
      while (isWanted) {
        const seen = await diagnose()
        if (isWanted && seen) setHealth(seen)
        await new Promise(resolve => setTimeout(resolve, EVERY))
      }
    }
    void look()
    return () => {
      isWanted = false
      setHealth(null)
    }
  }, [isOn])
  return (
    <Card
      title="Health of the layers"
      hint="A gradient that is far smaller in the first layers than in the last vanishes on its way back; saturated and dead neurons learn next to nothing."
    >
      <div class="stack">
        <Checkbox
          label="Look every second"
          hint="Measures gradients and activations of every layer while the network trains. It takes some time from training."
          checked={isOn}
          onChange={setOn}
        />
        {health && <HealthTable layers={health.layers} />}
        {health?.warnings.map(warning => (
          <p key={warning} class="health-warning">
            {warning}
          </p>
        ))}
      </div>
    </Card>
  )
}

const percent = (value: number | null) => (value === null ? '' : `${Math.round(100 * value)} %`)

/** Powers of ten at equal distances, of the lectures' range 1e-6 to 1e3. */
const length = (gradient: number): number =>
  Math.max(0, Math.min(100, (100 * (Math.log10(gradient) + 6)) / 9))

function HealthTable({ layers }: { layers: readonly LayerHealth[] }) {
  return (
    <Scroller label="Health of the layers as a table">
      <table class="health">
        <thead>
          <tr>
            <th>Layer</th>
            <th colSpan={2}>
              Gradient <small>(bars: 1e-6 to 1e3)</small>
            </th>
            <th class="number">Step ÷ weight</th>
            <th class="number">Saturated</th>
            <th class="number">Dead</th>
          </tr>
        </thead>
        <tbody>
          {layers.map(({ name, gradient, update, saturated, dead }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">{short(gradient, 2)}</td>
              <td class="health-bar" aria-hidden="true">
                <span style={{ width: `${length(gradient ?? 0)}%` }} />
              </td>
              <td class="number">{update === null ? '' : short(update, 2)}</td>
              <td class="number">{percent(saturated)}</td>
              <td class="number">{percent(dead)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  )
}
