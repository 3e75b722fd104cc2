// The card of settings: the network, how it learns, and its file.
import { useRef, useState } from 'preact/hooks'
import { TRAINING_DIGITS } from '../mnist_shape.ts'
import { Button, Field, NumberField, Slider } from '../page/controls.tsx'
import { Card } from '../page/shell.tsx'
import { loadFile, machine, phase, saveFile, settings } from './session.ts'
import { parseSizes, type Settings, weightsOf } from './settings.ts'

const set = (change: Partial<Settings>): void => {
  settings.value = { ...settings.value, ...change }
}

export function Form() {
  const { learningRate, batchSize, dropout, epochs, digits, seed, hidden } = settings.value
  const isEmpty = phase.value === 'empty'
  // What may change between two steps of one network.
  const canSteer = isEmpty || phase.value === 'paused' || phase.value === 'done'
  return (
    <Card title="Network" hint="What is trained, and how. Takes effect when you press Start or Resume.">
      <div class="stack">
        <Sizes disabled={!isEmpty} />
        <p class="muted small">
          784 pixels → {hidden.map(size => `${size} → `)}10 digits: {weightsOf(hidden).toLocaleString('en')}{' '}
          weights.
        </p>
        <div class="pair">
          <NumberField
            label="Learning rate"
            hint="How far each step moves the weights. More learns faster, until it overshoots and the loss jumps about."
            value={learningRate}
            min={0.000001}
            max={10}
            disabled={!canSteer}
            onChange={value => set({ learningRate: value })}
          />
          <NumberField
            label="Batch size"
            hint="Digits looked at for each step. More gives steadier steps, and uses the GPU better."
            value={batchSize}
            min={1}
            max={10_000}
            whole
            disabled={!canSteer}
            onChange={value => set({ batchSize: value })}
          />
          <NumberField
            label="Epochs"
            hint="How often training goes through all its digits."
            value={epochs}
            min={1}
            max={1000}
            whole
            disabled={!canSteer}
            onChange={value => set({ epochs: value })}
          />
          <NumberField
            label="Seed"
            hint="Starts the chance by which weights begin and digits are shuffled. The same seed and settings give the same run."
            value={seed}
            min={0}
            max={999_999}
            whole
            disabled={!isEmpty}
            onChange={value => set({ seed: value })}
          />
        </div>
        <Slider
          label="Dropout"
          hint="The share of hidden units left out by chance at each step, so that none relies on another. Helps large networks on new digits."
          value={dropout}
          min={0}
          max={0.8}
          step={0.05}
          format={share => `${Math.round(100 * share)} %`}
          disabled={!isEmpty}
          onChange={value => set({ dropout: value })}
        />
        <Slider
          label="Training digits"
          hint="How many of the 60,000 handwritten digits it learns from. Fewer is quicker, more is better."
          value={digits}
          min={1000}
          max={TRAINING_DIGITS}
          step={1000}
          format={count => count.toLocaleString('en')}
          disabled={!isEmpty}
          onChange={value => set({ digits: value })}
        />
        {machine.value === 'slow' && (
          <p class="muted small">
            This machine computes on the processor, so the page starts small to be quick: 4,000 digits and one
            hidden layer. Both can be changed.
          </p>
        )}
        {!isEmpty && (
          <p class="muted small">
            Layers, dropout, seed and digits belong to the network: Reset to change them. The rest can be
            changed in a pause.
          </p>
        )}
        <Files />
      </div>
    </Card>
  )
}

/** Hidden layers as text; what is wrong with it stands below. */
function Sizes({ disabled }: { disabled: boolean }) {
  const [refused, setRefused] = useState<{ text: string; wrong: string } | null>(null)
  const inForce = settings.value.hidden.join(', ')
  const commit = (text: string) => {
    const found = parseSizes(text)
    if ('wrong' in found) return setRefused({ text, wrong: found.wrong })
    setRefused(null)
    set({ hidden: found })
  }
  return (
    <Field
      label="Hidden layers"
      hint="Units of each layer between pixels and digits, such as 256, 128. More units and layers can learn finer things, and take longer. Leave it empty for none."
    >
      {attributes => (
        <>
          <input
            {...attributes}
            type="text"
            autoComplete="off"
            spellcheck={false}
            value={refused?.text ?? inForce}
            disabled={disabled}
            aria-invalid={refused !== null}
            onChange={event => commit(event.currentTarget.value)}
          />
          <span class="field-error" role="alert">
            {refused && `${refused.wrong} Still in force: ${inForce || 'none'}.`}
          </span>
        </>
      )}
    </Field>
  )
}

function Files() {
  const input = useRef<HTMLInputElement>(null)
  const isBusy = phase.value === 'busy' || phase.value === 'running' || phase.value === 'pausing'
  return (
    <div class="row">
      <Button
        hint="Saves the weights as a safetensors file, which the library and many others read."
        disabled={phase.value === 'empty' || phase.value === 'busy'}
        onClick={() => void saveFile()}
      >
        Download weights
      </Button>
      <Button
        hint="Takes a network from a file saved here, to read digits with or to train on."
        disabled={isBusy || phase.value === 'lost'}
        onClick={() => input.current?.click()}
      >
        Load weights
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept=".safetensors"
        aria-label="File of weights"
        onChange={event => {
          const [file] = event.currentTarget.files ?? []
          event.currentTarget.value = '' // the same file may be chosen again
          if (file) void loadFile(file)
        }}
      />
    </div>
  )
}
