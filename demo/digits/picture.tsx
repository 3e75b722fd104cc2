// Canvases that show numbers: digits in ink, and weights in the colours of the palette.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { type PaletteTheme, paint } from '../page/palette.ts'
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
    const element = canvas.current
    const context = element?.getContext('2d', { willReadFrequently: true })
    if (!element || !context) return
    const draw = () => drawTiles(context, values, columns, look)
    draw()
    // When the GPU process crashes, canvases go blank.
    element.addEventListener('contextrestored', draw)
    return () => element.removeEventListener('contextrestored', draw)
  }, [values, look, columns])
  return <canvas ref={canvas} class="picture" width={width} height={height} role="img" aria-label={label} />
}

function drawTiles(
  context: CanvasRenderingContext2D,
  values: Uint8Array | Float32Array,
  columns: number,
  look: PaletteTheme,
): void {
  context.clearRect(0, 0, context.canvas.width, context.canvas.height)
  const image = context.createImageData(SIDE, SIDE)
  for (let i = 0; i * SIDE * SIDE < values.length; i++) {
    const tile = values.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE)
    if (tile instanceof Float32Array) paint(tile, image.data, { theme: look })
    else paintInk(tile, image.data, look)
    const column = i % columns
    context.putImageData(image, column * (SIDE + 1), ((i - column) / columns) * (SIDE + 1))
  }
}

/** Dark ink on light paper, or light ink on dark: the paper is the card's, and the ink covers it. */
function paintInk(pixels: Uint8Array, bytes: Uint8ClampedArray, look: PaletteTheme): void {
  bytes.fill(look === 'light' ? 24 : 230)
  for (let i = 0; i < pixels.length; i++) bytes[4 * i + 3] = pixels[i] as number
}
