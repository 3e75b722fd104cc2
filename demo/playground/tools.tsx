// What can be taken away or looked into: the program, the weights, and the health of the layers.

import { useEffect, useRef, useState } from 'preact/hooks'
import type { train } from 'retrograd'
import { Button, Checkbox } from '../page/controls.tsx'
import { copyText, download } from '../page/download.ts'
import { tellProblem } from '../page/notices.tsx'
import { Card } from '../page/shell.tsx'
import { programOf } from './code.ts'
import { diagnose, frame, isPlaying, load, problem, save, settings, table } from './store.ts'
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
    trainRows: view.trainRows,
    epochs: epoch || 100,
    file: table.value && { name: table.value.file, encoding: table.value.encoding },
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
  const chooser = useRef<HTMLInputElement>(null)
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
          onClick={() => chooser.current?.click()}
        >
          Load weights
        </Button>
        <input
          ref={chooser}
          type="file"
          class="unseen"
          tabIndex={-1}
          aria-label="Weights file"
          accept=".safetensors"
          onChange={event => {
            const file = event.currentTarget.files?.[0]
            event.currentTarget.value = ''
            file
              ?.arrayBuffer()
              .then(buffer => load(new Uint8Array(buffer)))
              .catch(tellProblem)
          }}
        />
      </div>
    </Card>
  )
}

const EVERY = 1000 // ms

interface Health {
  readonly layers: readonly train.LayerDiagnosis[]
  readonly warnings: readonly string[]
}

export function LayerHealth() {
  const [isOn, setOn] = useState(false)
  const [health, setHealth] = useState<Health | null>(null)
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
    }
  }, [isOn])
  const rows = health?.layers.filter(({ gradient, saturated, dead }) => gradient ?? saturated ?? dead) ?? []
  const percent = (value: number | null) => (value === null ? '' : `${Math.round(100 * value)} %`)
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
        {isOn && rows.length > 0 && (
          <div class="scroller">
            <table>
              <thead>
                <tr>
                  <th>Layer</th>
                  <th class="number">Gradient</th>
                  <th class="number">Step ÷ weight</th>
                  <th class="number">Saturated</th>
                  <th class="number">Dead</th>
                </tr>
              </thead>
              <tbody>
                {rows.map(({ path, label, gradient, update, saturated, dead }) => (
                  <tr key={path}>
                    <td>{label}</td>
                    <td class="number">{gradient === null ? '' : gradient.toExponential(1)}</td>
                    <td class="number">{update === null ? '' : short(update, 2)}</td>
                    <td class="number">{percent(saturated)}</td>
                    <td class="number">{percent(dead)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {isOn && health?.warnings.map(warning => <p key={warning}>{warning}</p>)}
      </div>
    </Card>
  )
}
