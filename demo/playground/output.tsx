// What the network answers everywhere in the picture, with the examples on it, and how its losses fall.
import { effect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Curves } from '../page/chart.tsx'
import { Select } from '../page/controls.tsx'
import { classColor, colorOf } from '../page/palette.ts'
import { Card } from '../page/shell.tsx'
import { theme, token } from '../page/theme.ts'
import { pointed } from './graph.tsx'
import { change, settings } from './history.ts'
import { columnsOf, nameOf } from './layout.ts'
import type { Points, ProblemView } from './problem.ts'
import { curves, frame, problem } from './session.ts'
import { ticked } from './setting.tsx'
import { GRID, MAP } from './sizes.ts'
import { cutAll, short } from './words.ts'

const LOOKS = [
  ticked('showTest', 'Show test data', 'Adds the dots that the network does not learn from, as rings.'),
  ticked('discrete', 'Only the decision', 'Shows which answer it gives, without how sure it is of it.'),
]

/** Pixels of the canvas that dots are drawn on. */
const SIZE = 640

const colorOfLabel = (label: number, { task }: ProblemView): string =>
  task.outputs > 1
    ? classColor(label, theme.peek())
    : colorOf(task.classes ? 2 * label - 1 : label, theme.peek())

export function Output() {
  const map = useRef<HTMLCanvasElement>(null)
  const dots = useRef<HTMLCanvasElement>(null)
  const view = problem.value

  useEffect(() => {
    let request = 0
    const stopMap = effect(() => {
      void [frame.value, pointed.value, problem.value]
      cancelAnimationFrame(request)
      request = requestAnimationFrame(() => map.current && drawMap(map.current))
    })
    const stopDots = effect(() => {
      void theme.value
      const [view, showTest] = [problem.value, settings.value.showTest]
      if (dots.current) drawDots(dots.current, view, showTest)
    })
    return () => {
      stopMap()
      stopDots()
      cancelAnimationFrame(request)
    }
  }, [])

  const all = settings.value
  const [across = '', up = ''] = cutAll(view ? view.axes.map(({ name }) => name) : [])
  const place = pointed.value
  const column = place && columnsOf(all, view)[place.column]
  return (
    <Card
      title="Answer"
      hint="The colour behind the dots is what the network answers there: it has learnt where the colours agree. Point at a neuron to see its own map here."
    >
      <div class="stack">
        <div
          class="map"
          role="img"
          aria-label="The network's answers over the plane, with the examples as dots"
        >
          <canvas ref={map} width={GRID} height={GRID} class={all.discrete ? 'crisp' : ''} />
          <canvas ref={dots} width={SIZE} height={SIZE} />
          {view && (
            <>
              <span class="axis-y" title={view.axes[1].name}>
                {up}
              </span>
              <span class="axis-x" title={view.axes[0].name}>
                {across}
              </span>
            </>
          )}
        </div>
        {view && (
          <p class="muted map-name">
            {place && column ? nameOf(column, place.neuron) : 'What the network answers'}
          </p>
        )}
        {view && <Legend view={view} />}
        {view && all.data === 'own' && view.inputs.length > 1 && <Axes view={view} />}
        <div class="row">{LOOKS.map(control => control(all))}</div>
        <Losses />
      </div>
    </Card>
  )
}

/** Apart from the rest, since it is drawn anew some times a second. */
function Losses() {
  const shown = curves.value
  if (!shown) return null
  const hasValidation = shown.validation.some(value => value !== null)
  return (
    <Curves
      label="Loss of training and test by epoch"
      xLabel="epoch"
      x={shown.epochs}
      height={170}
      curves={[
        { name: 'train', color: '--blue', values: shown.train },
        ...(hasValidation
          ? [{ name: 'validation', color: '--purple', values: shown.validation } as const]
          : []),
        { name: 'test', color: '--orange', values: shown.test },
      ]}
    />
  )
}

/** The two inputs of own data that the map is drawn over. */
function Axes({ view }: { view: ProblemView }) {
  const labels = cutAll(view.inputs)
  const options = view.inputs.map((name, i) => ({ value: name, label: labels[i] ?? name }))
  const [across, up] = view.axes
  return (
    <div class="axes">
      <Select
        label="Across"
        hint="The input that grows to the right. All inputs but these two are held at their mean."
        value={across.name}
        options={options}
        onChange={name => change({ map: [name, up.name] })}
      />
      <Select
        label="Up"
        hint="The input that grows upwards. All inputs but these two are held at their mean."
        value={up.name}
        options={options}
        onChange={name => change({ map: [across.name, name] })}
      />
    </div>
  )
}

function Legend({ view }: { view: ProblemView }) {
  void theme.value
  const { classes } = view.task
  const entries = classes
    ? classes.map((name, i) => ({ name, color: colorOfLabel(i, view) }))
    : [-1, 0, 1].map(value => ({
        name: short(view.target.mean + value * view.target.deviation),
        color: colorOfLabel(value, view),
      }))
  return (
    <ul class="legend">
      {entries.map(({ name, color }) => (
        <li key={name}>
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <circle cx="6" cy="6" r="5" style={{ fill: color, stroke: 'var(--edge)' }} />
          </svg>
          {name}
        </li>
      ))}
    </ul>
  )
}

function drawMap(canvas: HTMLCanvasElement): void {
  const current = frame.peek()
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!current) {
    context?.clearRect(0, 0, GRID, GRID)
    return
  }
  const { images } = current.picture
  const place = pointed.peek()
  const answer = images.length / (4 * MAP) - 1
  const before = current.drawn.slice(0, place?.column ?? 0).reduce((sum, width) => sum + width, 0)
  const shown = place ? Math.min(answer, before + place.neuron) : answer
  const bytes = images.subarray(4 * MAP * shown, 4 * MAP * (shown + 1))
  context?.putImageData(new ImageData(bytes, GRID), 0, 0)
}

function drawDots(canvas: HTMLCanvasElement, view: ProblemView | null, showTest: boolean): void {
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) return
  context.clearRect(0, 0, SIZE, SIZE)
  if (!view) return
  const [across, up] = view.axes
  const edge = token('--card')
  const ink = token('--ink')
  const drawAll = ({ x, y, label }: Points, isTest: boolean) => {
    const radius = x.length > 400 ? 6 : 8
    for (const [i, value] of x.entries()) {
      context.beginPath()
      const left = ((value - across.low) / (across.high - across.low)) * SIZE
      const top = ((up.high - (y[i] ?? 0)) / (up.high - up.low)) * SIZE
      context.arc(left, top, radius, 0, 2 * Math.PI)
      context.fillStyle = colorOfLabel(label[i] ?? 0, view)
      context.fill()
      context.lineWidth = isTest ? 3 : 2
      context.strokeStyle = isTest ? ink : edge
      context.stroke()
    }
  }
  drawAll(view.train, false)
  if (showTest) drawAll(view.unseen, true)
}
