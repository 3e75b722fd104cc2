// The card of settings: the network, how it learns, and its file.
import { useState } from 'preact/hooks'
import { TRAINING_DIGITS } from '../mnist_shape.ts'
import { Button, Field, NumberField, Slider, TextInput } from '../page/controls.tsx'
import { Card } from '../page/shell.tsx'
import { chooseNetwork, saveFile } from './session.ts'
import { parseSizes, type Settings, weightsOf } from './settings.ts'
import { isBusy, machine, phase, settings } from './state.ts'

const set = (change: Partial<Settings>): void => {
  settings.value = { ...settings.value, ...change }
}

/** Numbers typed. `steers`: may change between two steps of one network. */
const NUMBERS = [
  {
    key: 'learningRate',
    label: 'Learning rate',
    hint: 'How far each step moves the weights. More learns faster, until it overshoots and the loss jumps about.',
    min: 0.000001,
    max: 10,
    steers: true,
  },
  {
    key: 'batchSize',
    label: 'Batch size',
    hint: 'Digits looked at for each step. More gives steadier steps, and uses the GPU better.',
    min: 1,
    max: 10_000,
    whole: true,
    steers: true,
  },
  {
    key: 'epochs',
    label: 'Epochs',
    hint: 'How often training goes through all its digits.',
    min: 1,
    max: 1000,
    whole: true,
    steers: true,
  },
  {
    key: 'seed',
    label: 'Seed',
    hint: 'Starts the chance by which weights begin and digits are shuffled. The same seed and settings give the same run.',
    min: 0,
    max: 999_999,
    whole: true,
    steers: false,
  },
] as const

/** Numbers slid, which belong to the network. */
const SLIDERS = [
  {
    key: 'dropout',
    label: 'Dropout',
    hint: 'The share of hidden units left out by chance at each step, so that none relies on another. Helps large networks on new digits.',
    min: 0,
    max: 0.8,
    step: 0.05,
    format: (share: number) => `${Math.round(100 * share)} %`,
  },
  {
    key: 'digits',
    label: 'Training digits',
    hint: 'How many of the 60,000 handwritten digits it learns from. Fewer is quicker, more is better.',
    min: 1000,
    max: TRAINING_DIGITS,
    step: 1000,
    format: (count: number) => count.toLocaleString('en'),
  },
] as const

export function Form() {
  const { hidden } = settings.value
  const isEmpty = phase.value === 'empty'
  return (
    <Card title="Network" hint="What is trained, and how. Takes effect when you press Start or Resume.">
      <div class="stack">
        <Sizes disabled={!isEmpty} />
        <p class="muted small">
          784 pixels → {hidden.map(size => `${size} → `)}10 digits: {weightsOf(hidden).toLocaleString('en')}{' '}
          weights.
        </p>
        <div class="pair">
          {NUMBERS.map(({ key, steers, ...control }) => (
            <NumberField
              key={key}
              {...control}
              value={settings.value[key]}
              disabled={steers ? isBusy.value : !isEmpty}
              onChange={value => set({ [key]: value })}
            />
          ))}
        </div>
        {SLIDERS.map(({ key, ...control }) => (
          <Slider
            key={key}
            {...control}
            value={settings.value[key]}
            disabled={!isEmpty}
            onChange={value => set({ [key]: value })}
          />
        ))}
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
        <div class="row">
          <Button
            hint="Saves the weights as a safetensors file, which the library and many others read."
            disabled={isEmpty || phase.value === 'busy'}
            onClick={() => void saveFile()}
          >
            Download weights
          </Button>
          <Button
            hint="Takes a network from a file saved here, to read digits with or to train on. It may be dropped on the page as well."
            disabled={isBusy.value}
            onClick={() => void chooseNetwork()}
          >
            Load weights
          </Button>
        </div>
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
          <TextInput
            {...attributes}
            value={refused?.text ?? inForce}
            disabled={disabled}
            aria-invalid={refused !== null}
            onCommit={commit}
          />
          <span class="field-error" role="alert">
            {refused && `${refused.wrong} Still in force: ${inForce || 'none'}.`}
          </span>
        </>
      )}
    </Field>
  )
}
