// The weights that lead into a chosen neuron, to be read and set.
import { useState } from 'preact/hooks'
import { Button, NumberField } from '../page/controls.tsx'
import { selected } from './graph.tsx'
import { columnsOf } from './layout.ts'
import { edit, frame, isBuilding, problem, settings } from './store.ts'
import type { DrawnWeights } from './view.ts'

export function WeightEditor() {
  /** As they were when one of the fields was entered: numbers must not change under the visitor's hands. */
  const [held, setHeld] = useState<DrawnWeights | null>(null)
  const place = selected.value
  const columns = columnsOf(settings.value, problem.value)
  const layer = (place?.column ?? 0) - 1
  const current = frame.value?.picture.layers[layer]
  const [from, to] = [columns[layer], columns[layer + 1]]
  if (isBuilding.value || !place || !current || !from || !to || place.neuron >= to.drawn) return null
  const { weights, biases } = held ?? current
  const name =
    to.kind === 'output'
      ? `output ${to.names[place.neuron] ?? ''}`.trim()
      : `layer ${to.layer + 1}, neuron ${place.neuron + 1}`
  const set = (source: number | null) => (value: number) => edit(layer, source, place.neuron, value)
  const rounded = (value: number | undefined) => Number((value ?? 0).toPrecision(4))
  return (
    <section
      class="weights"
      aria-label={`Weights into ${name}`}
      onFocusIn={() => setHeld(before => before ?? current)}
      onFocusOut={event => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setHeld(null)
      }}
    >
      <div class="card-head">
        <h3>Weights into {name}</h3>
        <div class="card-actions">
          <Button
            onClick={() => {
              selected.value = null
            }}
          >
            Close
          </Button>
        </div>
      </div>
      <div class="settings">
        {biases && (
          <NumberField
            key={`${layer} ${place.neuron} bias`}
            label="Bias"
            hint="What is added to the neuron's sum, whatever comes in."
            value={rounded(biases[place.neuron])}
            min={-1e6}
            max={1e6}
            onChange={set(null)}
          />
        )}
        {weights.map((row, i) => (
          <NumberField
            key={`${layer} ${place.neuron} ${from.names[i] ?? i}`}
            label={from.kind === 'input' ? `From ${from.names[i]}` : `From neuron ${i + 1}`}
            hint="What the value of that neuron is multiplied with. Press Enter to set it."
            value={rounded(row[place.neuron])}
            min={-1e6}
            max={1e6}
            onChange={set(i)}
          />
        ))}
      </div>
    </section>
  )
}
