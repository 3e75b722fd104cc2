// Canvases that show numbers: digits in ink, and weights in the colours of the palette.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { paint } from '../page/palette.ts'
import { theme } from '../page/theme.ts'
import { SIDE } from './handwriting.ts'

/** A picture of 28 × 28 numbers: bytes of ink, or weights from −1 to 1. */
export function Picture({ values, label }: { values: Uint8Array | Float32Array; label: string }) {
  return <Tiles values={values} columns={1} label={label} />
}

/** Pictures side by side, as many as `values` hold, with a pixel between them. */
export function Tiles({
  values,
  columns,
  label,
}: {
  values: Uint8Array | Float32Array
  columns: number
  label: string
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const count = values.length / (SIDE * SIDE)
  const width = columns * (SIDE + 1) - 1
  const height = Math.ceil(count / columns) * (SIDE + 1) - 1
  const look = theme.value
  useLayoutEffect(() => {
    // Drawn by the CPU: it does not go blank when the GPU process crashes.
    const context = canvas.current?.getContext('2d', { willReadFrequently: true })
    if (!context) return
    context.clearRect(0, 0, width, height)
    const image = context.createImageData(SIDE, SIDE)
    for (let i = 0; i < count; i++) {
      const tile = values.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE)
      if (tile instanceof Float32Array) paint(tile, image.data, { theme: look })
      else paintInk(tile, image.data, look)
      const column = i % columns
      context.putImageData(image, column * (SIDE + 1), ((i - column) / columns) * (SIDE + 1))
    }
  }, [values, look, columns])
  return <canvas ref={canvas} class="picture" width={width} height={height} role="img" aria-label={label} />
}

/** Dark ink on light paper, or light ink on dark: the paper is the card's, and the ink covers it. */
function paintInk(pixels: Uint8Array, bytes: Uint8ClampedArray, look: 'light' | 'dark'): void {
  const ink = look === 'light' ? 24 : 230
  for (const [i, share] of pixels.entries()) bytes.set([ink, ink, ink, share], 4 * i)
}
