// What stands above a column of the graph: its name, and for hidden layers how many neurons, which activation, and away with it.
import { TextInput } from '../page/controls.tsx'
import { change, settings } from './history.ts'
import type { Column } from './layout.ts'
import { ACTIVATIONS, type HiddenLayer, LIMITS } from './settings.ts'
import { ACTIVATION_NAMES } from './words.ts'

export function ColumnHead({ column, left }: { column: Column; left: number }) {
  const { kind, layer, width, drawn } = column
  const style = { left: `${left}px` }
  const more = width > drawn && (
    <small title="The others compute as well. To see their weights, choose a neuron of the layer and type another number.">
      {drawn} of {width} drawn
    </small>
  )
  if (kind !== 'hidden')
    return (
      <div class="column-head" style={style}>
        <h3>{kind === 'input' ? 'Inputs' : 'Output'}</h3>
        {more}
      </div>
    )
  const { layers } = settings.value
  const own = layers[layer]
  const name = `layer ${layer + 1}`
  const set = (patch: Partial<HiddenLayer>) =>
    change({ layers: layers.map((other, i) => (i === layer ? { ...other, ...patch } : other)) })
  const [least, most] = LIMITS.units
  return (
    <div class="column-head" style={style}>
      <div class="column-name">
        <h3>Layer {layer + 1}</h3>
        <button
          type="button"
          class="small"
          aria-label={`Remove ${name}`}
          title={`Remove ${name}`}
          onClick={() => change({ layers: layers.filter((_, i) => i !== layer) })}
        >
          ×
        </button>
      </div>
      <div class="column-units">
        <button
          type="button"
          class="small"
          aria-label={`One neuron less in ${name}`}
          disabled={width <= least}
          onClick={() => set({ units: width - 1 })}
        >
          −
        </button>
        <TextInput
          inputMode="numeric"
          aria-label={`Neurons of ${name}`}
          value={String(width)}
          onCommit={text => {
            const units = Number(text)
            if (Number.isInteger(units) && units >= least && units <= most) set({ units })
          }}
        />
        <button
          type="button"
          class="small"
          aria-label={`One neuron more in ${name}`}
          disabled={width >= most}
          onClick={() => set({ units: width + 1 })}
        >
          +
        </button>
      </div>
      <select
        aria-label={`Activation of ${name}`}
        value={own?.activation ?? 'tanh'}
        onChange={event => {
          const activation = ACTIVATIONS.find(value => value === event.currentTarget.value)
          if (activation) set({ activation })
        }}
      >
        {ACTIVATIONS.map(value => (
          <option key={value} value={value}>
            {ACTIVATION_NAMES[value]}
          </option>
        ))}
      </select>
      {more}
    </div>
  )
}
