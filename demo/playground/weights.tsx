// The weights that lead into a chosen neuron, drawn or not, to be read and set.
import { signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button, NumberField } from '../page/controls.tsx'
import { settings } from './history.ts'
import { columnsOf } from './layout.ts'
import { chosen, edit, frame, isBuilding, problem } from './session.ts'
import type { Incoming, Neuron } from './view.ts'

/** Weights that are listed at a time. */
const PAGE = 24

/** The weight that shall be typed next, by where it comes from. */
const wanted = signal<number | null>(null)

/** Lists the weights of a neuron; `from` is the one that is to be set. */
export function choose(neuron: Neuron | null, from: number | null = null): void {
  chosen.value = neuron
  wanted.value = from
}

const isSame = (a: Neuron | null | undefined, b: Neuron | null): boolean =>
  a?.layer === b?.layer && a?.neuron === b?.neuron

const rounded = (value: number | undefined) => Number((value ?? 0).toPrecision(4))

export function WeightEditor() {
  /** As they were when one of the fields was entered: numbers must not change under the visitor's hands. */
  const [held, setHeld] = useState<Incoming | null>(null)
  const [page, setPage] = useState(0)
  const section = useRef<HTMLElement>(null)
  const place = chosen.value
  const current = frame.value?.picture.incoming
  const shown = held && isSame(held, place) ? held : current
  const isThere = !isBuilding.value && isSame(shown, place)
  const from = wanted.value

  useEffect(() => setPage(Math.floor((from ?? 0) / PAGE)), [place, from])
  useEffect(() => {
    if (!isThere || from === null) return
    const field = section.current?.querySelector<HTMLInputElement>(`[data-from="${from}"] input`)
    if (!field) return
    wanted.value = null
    field.focus({ preventScroll: true })
    field.select()
    field.scrollIntoView({ block: 'nearest' })
  }, [isThere, from, page])

  const columns = columnsOf(settings.value, problem.value)
  const [left, right] = [columns[place?.layer ?? -1], columns[(place?.layer ?? -1) + 1]]
  if (!isThere || !place || !shown || !left || !right) return null
  const { neuron } = place
  const { weights, bias } = shown
  const name =
    right.kind === 'output'
      ? `output ${right.names[neuron] ?? ''}`.trim()
      : `layer ${right.layer + 1}, neuron ${neuron + 1}`
  const first = Math.min(page * PAGE, weights.length - 1)
  const last = Math.min(first + PAGE, weights.length)
  const set = (source: number | null) => (value: number) => {
    const changed = weights.map((weight, i) => (i === source ? value : weight))
    setHeld({ ...shown, weights: changed, bias: source === null ? value : bias })
    void edit(place, source, value)
  }
  return (
    <section
      ref={section}
      class="weights"
      aria-label={`Weights into ${name}`}
      onFocusIn={() => setHeld(before => (isSame(before, place) ? before : shown))}
      onFocusOut={event => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setHeld(null)
      }}
    >
      <div class="card-head">
        <h3>Weights into {name}</h3>
        <div class="card-actions">
          {weights.length > PAGE && (
            <>
              <Button label="Earlier weights" disabled={page === 0} onClick={() => setPage(page - 1)}>
                ‹
              </Button>
              <span class="muted pager" role="status">
                {first + 1} to {last} of {weights.length}
              </span>
              <Button
                label="Later weights"
                disabled={last === weights.length}
                onClick={() => setPage(page + 1)}
              >
                ›
              </Button>
            </>
          )}
          <Button onClick={() => choose(null)}>Close</Button>
        </div>
      </div>
      <div class="settings" key={`${place.layer} ${neuron}`}>
        {right.width > right.drawn && (
          <NumberField
            label="Neuron"
            hint="Which neuron of the layer: those that are not drawn are reached by their number."
            value={neuron + 1}
            min={1}
            max={right.width}
            whole
            onChange={value => choose({ layer: place.layer, neuron: value - 1 })}
          />
        )}
        {bias !== null && (
          <NumberField
            label="Bias"
            hint="What is added to the neuron's sum, whatever comes in."
            value={rounded(bias)}
            min={-1e6}
            max={1e6}
            onChange={set(null)}
          />
        )}
        {weights.slice(first, last).map((weight, i) => (
          <div key={first + i} data-from={first + i}>
            <NumberField
              label={left.kind === 'input' ? `From ${left.names[first + i]}` : `From neuron ${first + i + 1}`}
              hint="What the value of that neuron is multiplied with. Press Enter to set it."
              value={rounded(weight)}
              min={-1e6}
              max={1e6}
              onChange={set(first + i)}
            />
          </div>
        ))}
      </div>
    </section>
  )
}
