// The card to draw a digit in, and what the network reads in it.
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Button } from '../page/controls.tsx'
import { Hint } from '../page/hint.tsx'
import { Card } from '../page/shell.tsx'
import { theme, token } from '../page/theme.ts'
import { pictureOf, SIDE } from './handwriting.ts'
import { Picture } from './picture.tsx'
import { pickDigit, read } from './session.ts'
import { networkVersion, phase } from './state.ts'

const POINTS = 280 // the drawing's own points, each way
const STROKE = 22 // points: two or three pixels of a picture, as pens left them in MNIST

type Point = readonly [x: number, y: number]

/** What is drawn: strokes, or a digit taken from the test set. */
let strokes: Point[][] = []
let taken: Uint8Array<ArrayBuffer> | null = null

/** Goes up with all that is done to the drawing. */
let hand = 0

const picture = signal<Uint8Array<ArrayBuffer> | null>(null)
/** What the test set says that it is, if it was taken from there. */
const label = signal<number | null>(null)
const probabilities = signal<readonly number[] | null>(null)

let isReading = false
let isStale = false

/** Has the picture read; of those that come while the worker is busy, only the last. */
async function readPicture(): Promise<void> {
  isStale = true
  if (isReading) return
  isReading = true
  while (isStale) {
    isStale = false
    const shown = picture.value
    const found = shown && (await read(shown))
    if (!isStale) probabilities.value = found
  }
  isReading = false
}

networkVersion.subscribe(() => void readPicture())

const contextOf = (canvas: HTMLCanvasElement | null) => canvas?.getContext('2d', { willReadFrequently: true })

function redraw(canvas: HTMLCanvasElement | null): void {
  const context = contextOf(canvas)
  if (!context) return
  context.clearRect(0, 0, POINTS, POINTS)
  context.lineCap = 'round'
  context.lineJoin = 'round'
  context.lineWidth = STROKE
  context.strokeStyle = token('--ink')
  context.fillStyle = context.strokeStyle
  for (const stroke of strokes) {
    const [first] = stroke
    if (!first) continue
    // A dot, which is all that there is of a tap: lines of no length are not drawn.
    context.beginPath()
    context.arc(first[0], first[1], STROKE / 2, 0, 2 * Math.PI)
    context.fill()
    context.beginPath()
    for (const [x, y] of stroke) context.lineTo(x, y)
    context.stroke()
  }
  const size = POINTS / SIDE
  taken?.forEach((ink, i) => {
    context.globalAlpha = ink / 255
    context.fillRect((i % SIDE) * size, Math.floor(i / SIDE) * size, size, size)
  })
  context.globalAlpha = 1
}

/** Makes the picture of what is drawn, and has it read. */
function look(canvas: HTMLCanvasElement | null): void {
  const context = contextOf(canvas)
  if (!context) return
  const { data } = context.getImageData(0, 0, POINTS, POINTS)
  const ink = new Float32Array(POINTS * POINTS)
  for (let i = 0; i < ink.length; i++) ink[i] = (data[4 * i + 3] as number) / 255
  picture.value = pictureOf(ink, POINTS, POINTS)
  void readPicture()
}

function clear(canvas: HTMLCanvasElement | null): void {
  hand++
  strokes = []
  taken = null
  label.value = null
  picture.value = null
  redraw(canvas)
  void readPicture()
}

export function Drawing() {
  const canvas = useRef<HTMLCanvasElement>(null)
  const frame = useRef(0)
  const pen = useRef<number | null>(null)
  const ink = theme.value
  useEffect(() => {
    const again = () => redraw(canvas.current)
    again()
    const element = canvas.current
    element?.addEventListener('contextrestored', again)
    return () => element?.removeEventListener('contextrestored', again)
  }, [ink])

  const later = () => {
    cancelAnimationFrame(frame.current)
    frame.current = requestAnimationFrame(() => {
      redraw(canvas.current)
      look(canvas.current)
    })
  }
  const add = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
    const whole = event.getCoalescedEvents?.() ?? []
    for (const { clientX, clientY } of whole.length > 0 ? whole : [event])
      strokes
        .at(-1)
        ?.push([((clientX - box.left) * POINTS) / box.width, ((clientY - box.top) * POINTS) / box.height])
    later()
  }
  const lift = () => {
    pen.current = null
  }

  return (
    <Card
      title="Draw a digit"
      hint="Draw with a mouse, a pen or a finger. What you draw is scaled and centred as the pictures were that the network has learnt from."
      actions={
        <>
          <Button
            hint="Shows a digit that the network was not trained on."
            onClick={async () => {
              const own = ++hand
              const picked = await pickDigit()
              if (!picked || own !== hand) return // something else was drawn meanwhile
              strokes = []
              taken = picked.pixels
              label.value = picked.label
              picture.value = picked.pixels
              redraw(canvas.current)
              void readPicture()
            }}
          >
            Test digit
          </Button>
          <Button onClick={() => clear(canvas.current)}>Clear</Button>
        </>
      }
    >
      <div class="drawing">
        <canvas
          ref={canvas}
          class="pad"
          width={POINTS}
          height={POINTS}
          role="img"
          aria-label="Field to draw a digit in"
          onPointerDown={event => {
            if (pen.current !== null || event.button !== 0) return
            pen.current = event.pointerId
            event.currentTarget.setPointerCapture(event.pointerId)
            hand++
            if (taken) clear(canvas.current)
            label.value = null
            strokes.push([])
            add(event)
          }}
          onPointerMove={event => {
            if (pen.current === event.pointerId) add(event)
          }}
          onPointerUp={lift}
          onPointerCancel={lift}
        />
        <div class="seen">
          <h3>
            Seen as
            <Hint
              text="28 × 28 pixels: the ink is fitted into 20 × 20, and its centre of mass put in the middle."
              about="what the network sees"
            />
          </h3>
          {picture.value ? (
            <Picture values={picture.value} label="Your digit in 28 × 28 pixels" />
          ) : (
            <div class="picture blank" />
          )}
          <Verdict />
        </div>
        <Bars />
      </div>
    </Card>
  )
}

/** What it is read as, in words. */
function Verdict() {
  const shares = probabilities.value
  const best = shares ? shares.indexOf(Math.max(...shares)) : null
  return (
    <p class="verdict" role="status">
      {best !== null && shares ? (
        <>
          Read as <b>{best}</b>
          <span class="muted">{percent(shares[best] as number)} sure</span>
        </>
      ) : (
        <span class="muted">{advice()}</span>
      )}
      {label.value !== null && <span class="muted">It is a {label.value}.</span>}
    </p>
  )
}

const advice = (): string =>
  phase.value === 'empty' || phase.value === 'busy'
    ? 'Press Start first: there is no network yet.'
    : 'Draw a digit.'

/** The ten probabilities. */
function Bars() {
  const shares = probabilities.value
  const best = shares ? shares.indexOf(Math.max(...shares)) : null
  return (
    <ol class="bars" aria-label="Probability of each digit">
      {Array.from({ length: 10 }, (_, digit) => {
        const share = shares?.[digit] ?? 0
        return (
          <li key={digit} class={digit === best ? 'most' : undefined}>
            <span>{digit}</span>
            <span class="bar">
              <span style={{ width: `${100 * share}%` }} />
            </span>
            <span>{shares ? percent(share) : '–'}</span>
          </li>
        )
      })}
    </ol>
  )
}

const percent = (share: number): string => `${(100 * share).toFixed(share > 0.1 && share < 0.995 ? 0 : 1)} %`
