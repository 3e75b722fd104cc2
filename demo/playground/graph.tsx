// The network as a graph: columns of neurons with their heat maps, and lines for the weights between.
import { effect, signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button } from '../page/controls.tsx'
import { colorOf } from '../page/palette.ts'
import { Card } from '../page/shell.tsx'
import { theme } from '../page/theme.ts'
import { ColumnHead, refusals } from './column_head.tsx'
import { change, settings } from './history.ts'
import {
  type Column,
  columnsOf,
  type Link,
  linkAt,
  NEURON,
  nameOf,
  neighbour,
  type Place,
  placesOf,
} from './layout.ts'
import { awaitsFile, building, chosen, frame, isBuilding, isStuck, problem, reading } from './session.ts'
import { LIMITS } from './settings.ts'
import { GRID, MAP } from './sizes.ts'
import { choose, WeightEditor } from './weights.tsx'
import { short } from './words.ts'

const width = signal(800)

/** The neuron whose map is shown large, by column and place; null: the answer. */
export const pointed = signal<Place | null>(null)
/** The neuron that the Tab key leads to; arrow keys lead on from there. */
const reached = signal<Place>({ column: 0, neuron: 0 })
const hovered = signal<Link | null>(null)

const isChosen = (column: number, neuron: number): boolean =>
  chosen.value?.layer === column - 1 && chosen.value.neuron === neuron

export function Graph() {
  const { layers } = settings.value
  const last = layers.at(-1)
  return (
    <Card
      title="Network"
      hint="Each square shows where in the picture a neuron answers high (blue) or low (orange). Lines are weights: the thicker, the larger; blue is positive, orange negative. Choose a neuron, or a line, to read and set its weights. By key: arrows move between neurons, Enter chooses one."
      actions={
        <Button
          dimmed={layers.length >= LIMITS.layers[1]}
          hint="Adds a hidden layer before the output."
          onClick={() =>
            change({
              layers: [...layers, { units: last?.units ?? 4, activation: last?.activation ?? 'tanh' }],
            })
          }
        >
          Add a layer
        </Button>
      }
    >
      <p class="field-error" role="alert">
        {[...refusals.value.values()].join(' ')}
      </p>
      {problem.value ? (
        <Drawing />
      ) : (
        <p class="muted empty">
          {awaitsFile.value && !reading.value
            ? 'Waiting for your CSV file.'
            : isBuilding.value || reading.value
              ? building.value
              : isStuck.value
                ? 'There is no network for these settings: why stands at the top of the page.'
                : 'The engine is starting …'}
        </p>
      )}
      <WeightEditor />
    </Card>
  )
}

const LATE = 500 // ms, after which what is waited for is told: sooner it would flicker

/** Whether something has lasted for a while. */
function useLate(lasts: boolean): boolean {
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    if (!lasts) return
    const timer = setTimeout(() => setLate(true), LATE)
    return () => {
      clearTimeout(timer)
      setLate(false)
    }
  }, [lasts])
  return isLate
}

function Drawing() {
  const outer = useRef<HTMLDivElement>(null)
  const inner = useRef<HTMLDivElement>(null)
  const lines = useRef<HTMLCanvasElement>(null)
  const columns = columnsOf(settings.value, problem.value)
  const places = placesOf(columns, width.value)

  useEffect(() => {
    const element = outer.current
    if (!element) return
    const observer = new ResizeObserver(() => {
      width.value = element.clientWidth
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  useEffect(() => {
    let request = 0
    const stop = effect(() => {
      // What it is drawn of: read here, so that it is drawn anew when one changes.
      void [frame.value, theme.value, hovered.value, chosen.value, settings.value, problem.value, width.value]
      cancelAnimationFrame(request)
      request = requestAnimationFrame(() => {
        if (lines.current) draw(lines.current)
      })
    })
    return () => {
      stop()
      cancelAnimationFrame(request)
    }
  }, [])

  // Lines are for pointers; by key, weights are read and set below, through their neuron.
  useEffect(() => {
    const element = inner.current
    if (!element) return
    const find = (event: MouseEvent): Link | null => {
      const box = element.getBoundingClientRect()
      const places = placesOf(columnsOf(settings.peek(), problem.peek()), width.peek())
      return linkAt(places, event.clientX - box.left, event.clientY - box.top)
    }
    const onMove = (event: MouseEvent) => {
      const [found, before] = [find(event), hovered.peek()]
      const isSame =
        found?.layer === before?.layer && found?.from === before?.from && found?.to === before?.to
      if (!isSame) hovered.value = found
    }
    const onLeave = () => {
      hovered.value = null
    }
    const onClick = (event: MouseEvent) => {
      const found = find(event)
      if (found) choose({ layer: found.layer, neuron: found.to }, found.from)
    }
    element.addEventListener('pointermove', onMove)
    element.addEventListener('pointerleave', onLeave)
    element.addEventListener('click', onClick)
    return () => {
      element.removeEventListener('pointermove', onMove)
      element.removeEventListener('pointerleave', onLeave)
      element.removeEventListener('click', onClick)
    }
  }, [])

  const isLate = useLate(isBuilding.value)
  const link = hovered.value
  const weight = link && frame.value?.picture.layers[link.layer]?.[link.from]?.[link.to]
  const [from, to] = link ? [columns[link.layer], columns[link.layer + 1]] : []
  return (
    <>
      <div class={isBuilding.value ? 'scroller graph stale' : 'scroller graph'} ref={outer}>
        <div
          ref={inner}
          class="graph-inner"
          style={{ width: `${places.width}px`, height: `${places.height}px` }}
        >
          <canvas ref={lines} class="graph-lines" />
          {columns.map((column, i) => (
            <ColumnHead key={column.key} column={column} left={places.columns[i]?.x ?? 0} />
          ))}
          {columns.map((column, i) =>
            Array.from({ length: column.drawn }, (_, neuron) => (
              <Neuron
                key={`${column.key} ${neuron}`}
                columns={columns}
                place={{ column: i, neuron }}
                left={places.columns[i]?.x ?? 0}
                top={places.columns[i]?.y[neuron] ?? 0}
              />
            )),
          )}
        </div>
      </div>
      <p class="muted reading">
        {isLate
          ? building.value
          : link && weight !== undefined && weight !== null && from && to
            ? `${nameOf(from, link.from)} → ${nameOf(to, link.to).toLowerCase()}: weight ${short(weight, 4)}. Click to set it.`
            : 'Point at a line to read its weight; choose a neuron to set its weights.'}
      </p>
    </>
  )
}

function Neuron({
  columns,
  place,
  left,
  top,
}: {
  columns: readonly Column[]
  place: Place
  left: number
  top: number
}) {
  const { column: i, neuron } = place
  const column = columns[i]
  if (!column) return null
  const hasWeights = column.kind !== 'input'
  const { column: home, neuron: row } = reached.value
  // One stop of the Tab key for the whole graph.
  const isReached = i === Math.min(home, columns.length - 1) && neuron === Math.min(row, column.drawn - 1)
  const enter = () => {
    pointed.value = place
  }
  const leave = () => {
    pointed.value = null
  }
  return (
    <button
      type="button"
      class="neuron"
      aria-label={nameOf(column, neuron)}
      {...(hasWeights ? { 'aria-pressed': isChosen(i, neuron) } : {})}
      data-place={`${i} ${neuron}`}
      tabIndex={isReached ? 0 : -1}
      style={{ left: `${left - NEURON / 2}px`, top: `${top - NEURON / 2}px` }}
      onPointerEnter={enter}
      onPointerLeave={leave}
      onFocus={() => {
        reached.value = place
        enter()
      }}
      onBlur={leave}
      onKeyDown={event => {
        const next = neighbour(columns, place, event.key)
        if (!next) return
        event.preventDefault()
        const selector = `[data-place="${next.column} ${next.neuron}"]`
        event.currentTarget.parentElement?.querySelector<HTMLElement>(selector)?.focus()
      }}
      onClick={event => {
        event.stopPropagation()
        if (hasWeights) choose(isChosen(i, neuron) ? null : { layer: i - 1, neuron })
      }}
    >
      {column.kind !== 'hidden' && <span>{column.labels[neuron]}</span>}
    </button>
  )
}

const CORNER = 6 // px: --radius-small

/** One map, on its way to where it is drawn. */
const scratch = Object.assign(document.createElement('canvas'), { width: GRID, height: GRID })

/** Draws the lines and the maps, if the last picture is one of this network. */
function draw(lines: HTMLCanvasElement): void {
  const current = frame.peek()
  const columns = columnsOf(settings.peek(), problem.peek())
  const places = placesOf(columns, width.peek())
  const ratio = Math.min(devicePixelRatio, 2)
  const [w, h] = [Math.round(places.width * ratio), Math.round(places.height * ratio)]
  if (lines.width !== w || lines.height !== h) {
    lines.width = w
    lines.height = h
  }
  const context = lines.getContext('2d', { willReadFrequently: true })
  if (!context) return
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, places.width, places.height)
  const fits = current?.drawn.join() === columns.map(({ drawn }) => drawn).join()
  if (!current || !fits) return
  for (const [layer, weights] of current.picture.layers.entries()) {
    const [left, right] = [places.columns[layer], places.columns[layer + 1]]
    if (!left || !right) continue
    const start = left.x + NEURON / 2
    const end = right.x - NEURON / 2
    const middle = (start + end) / 2
    const isOn = (from: number, to: number) => {
      const link = hovered.peek()
      if (link && link.layer === layer && link.from === from && link.to === to) return true
      const one = chosen.peek()
      return one?.layer === layer && one.neuron === to
    }
    for (const [from, row] of weights.entries())
      for (const [to, value] of row.entries()) {
        const strength = Math.tanh(Math.abs(value))
        const on = isOn(from, to)
        context.strokeStyle = colorOf(Math.sign(value) * (on ? 1 : 0.35 + 0.65 * strength), theme.peek())
        context.globalAlpha = on ? 1 : 0.25 + 0.6 * strength
        context.lineWidth = Math.max(0.5, Math.min(6, 2.2 * Math.abs(value))) + (on ? 1 : 0)
        const [y0, y1] = [left.y[from] ?? 0, right.y[to] ?? 0]
        context.beginPath()
        context.moveTo(start, y0)
        context.bezierCurveTo(middle, y0, middle, y1, end, y1)
        context.stroke()
      }
  }
  context.globalAlpha = 1
  const { images } = current.picture
  const drawing = scratch.getContext('2d', { willReadFrequently: true })
  let map = 0
  for (const { x, y } of places.columns)
    for (const top of y) {
      const bytes = images.subarray(4 * MAP * map, 4 * MAP * ++map)
      drawing?.putImageData(new ImageData(bytes, GRID), 0, 0)
      context.save()
      context.beginPath()
      context.roundRect(x - NEURON / 2, top - NEURON / 2, NEURON, NEURON, CORNER)
      context.clip()
      context.drawImage(scratch, x - NEURON / 2, top - NEURON / 2, NEURON, NEURON)
      context.restore()
    }
}
