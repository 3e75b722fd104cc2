// What stands above a column of the graph: its name, and for hidden layers how many neurons, which activation, and away with it.
import { signal } from '@preact/signals'
import { useEffect, useId } from 'preact/hooks'
import { TextInput, useTypedNumber } from '../page/controls.tsx'
import { HintText, hinted } from '../page/hint.tsx'
import { change, settings } from './history.ts'
import type { Column } from './layout.ts'
import { ACTIVATIONS, type HiddenLayer, LIMITS } from './settings.ts'
import { ACTIVATION_NAMES } from './words.ts'

/** What was typed for a layer that it cannot have, in words, by layer; the graph has the room to show it. */
export const refusals = signal<ReadonlyMap<number, string>>(new Map())

export function ColumnHead({ column, left }: { column: Column; left: number }) {
  const { kind, width, drawn } = column
  return (
    <div class="column-head" style={{ left: `${left}px` }}>
      {kind === 'hidden' ? <HiddenHead column={column} /> : <h3>{kind === 'input' ? 'Inputs' : 'Output'}</h3>}
      {width > drawn && (
        <small title="The others compute as well. To see their weights, choose a neuron of the layer and type another number.">
          {drawn} of {width} drawn
        </small>
      )}
    </div>
  )
}

const HINTS = {
  remove: 'Takes the layer away.',
  less: 'Takes one neuron from the layer.',
  count:
    'How many neurons the layer has. More can learn finer things, and take longer. Press Enter to set it.',
  more: 'Gives the layer one neuron more.',
  activation: 'What each neuron of the layer makes of its sum. Without a bend in it, layers add nothing.',
} as const

function HiddenHead({ column: { layer, width } }: { column: Column }) {
  const id = useId()
  const { layers } = settings.value
  const own = layers[layer]
  const name = `layer ${layer + 1}`
  const set = (patch: Partial<HiddenLayer>) =>
    change({ layers: layers.map((other, i) => (i === layer ? { ...other, ...patch } : other)) })
  const [least, most] = LIMITS.units
  const typed = useTypedNumber({
    value: width,
    min: least,
    max: most,
    whole: true,
    onChange: units => set({ units }),
  })
  const refusal = typed.refusal && `${typed.refusal} Layer ${layer + 1} keeps ${width}.`
  useEffect(() => {
    if (!refusal) return
    refusals.value = new Map(refusals.peek()).set(layer, refusal)
    return () => {
      refusals.value = new Map([...refusals.peek()].filter(([other]) => other !== layer))
    }
  }, [layer, refusal])
  const told = (what: keyof typeof HINTS) => ({
    'aria-describedby': `${id}-${what}`,
    ...hinted(HINTS[what]),
  })
  const remove = (event: MouseEvent) => {
    const card = (event.currentTarget as Element).closest('.card')
    // The last head goes, and with it the keyboard's place; of others the next takes it.
    const before = card?.querySelectorAll<HTMLElement>('.column-name button')[layer - 1]
    if (layer === layers.length - 1)
      (before ?? card?.querySelector<HTMLElement>('.card-actions button'))?.focus()
    change({ layers: layers.filter((_, i) => i !== layer) })
  }
  const step = (what: 'less' | 'more', sign: string, units: number) => (
    <button
      type="button"
      class="small"
      aria-label={`One neuron ${what} in ${name}`}
      disabled={units < least || units > most}
      onClick={() => set({ units })}
      {...told(what)}
    >
      {sign}
    </button>
  )
  return (
    <>
      <div class="column-name">
        <h3>Layer {layer + 1}</h3>
        <button
          type="button"
          class="small"
          aria-label={`Remove ${name}`}
          onClick={remove}
          {...told('remove')}
        >
          ×
        </button>
      </div>
      <div class="column-units">
        {step('less', '−', width - 1)}
        <TextInput
          inputMode="numeric"
          aria-label={`Neurons of ${name}`}
          aria-invalid={refusal !== ''}
          value={typed.text}
          onCommit={typed.commit}
          {...told('count')}
        />
        {step('more', '+', width + 1)}
      </div>
      <select
        aria-label={`Activation of ${name}`}
        value={own?.activation ?? 'tanh'}
        onChange={event => {
          const activation = ACTIVATIONS.find(value => value === event.currentTarget.value)
          if (activation) set({ activation })
        }}
        {...told('activation')}
      >
        {ACTIVATIONS.map(value => (
          <option key={value} value={value}>
            {ACTIVATION_NAMES[value]}
          </option>
        ))}
      </select>
      {Object.entries(HINTS).map(([what, text]) => (
        <HintText key={what} id={`${id}-${what}`} text={text} />
      ))}
    </>
  )
}
