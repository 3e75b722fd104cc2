// Colours of numbers and classes in pictures: orange below zero, blue above, told apart by colour-blind eyes too.
// Runs in workers as well as in pages: no document, no library.

type Rgb = readonly [red: number, green: number, blue: number] // 0 to 255
export type PaletteTheme = 'light' | 'dark'

/** Stops at −1, −½, 0, ½, 1. Zero is the colour of a card, so that nothing there is to see where nothing is. */
const STOPS: Readonly<Record<PaletteTheme, readonly [Rgb, Rgb, Rgb, Rgb, Rgb]>> = {
  light: [
    [200, 82, 0],
    [247, 168, 96],
    [247, 248, 250],
    [111, 174, 226],
    [8, 88, 160],
  ],
  dark: [
    [255, 163, 77],
    [158, 88, 24],
    [28, 33, 40],
    [34, 98, 158],
    [112, 188, 255],
  ],
}

/** Steps of the table between −1 and 1. */
const STEPS = 255

/** 4 · 256 bytes, red green blue alpha: row i is the colour of −1 + 2i / 255. */
function tableOf(theme: PaletteTheme): Uint8ClampedArray {
  const table = new Uint8ClampedArray(4 * (STEPS + 1))
  const stops = STOPS[theme]
  for (let i = 0; i <= STEPS; i++) {
    const place = (i / STEPS) * (stops.length - 1)
    const below = Math.min(Math.floor(place), stops.length - 2)
    const from = stops[below] as Rgb
    const to = stops[below + 1] as Rgb
    for (let channel = 0; channel < 3; channel++) {
      const start = from[channel] as number
      table[4 * i + channel] = start + (place - below) * ((to[channel] as number) - start)
    }
    table[4 * i + 3] = 255
  }
  return table
}

const TABLES = { light: tableOf('light'), dark: tableOf('dark') }

/** Row of the table. NaN counts as 0. */
function rowOf(value: number): number {
  const clamped = Math.max(-1, Math.min(1, value || 0))
  return Math.round(((clamped + 1) / 2) * STEPS)
}

/** The colour of a number from −1 to 1, beyond them clamped, as CSS: `rgb(8, 88, 160)`. For shares, 0 to 1 is white to blue. */
export function colorOf(value: number, theme: PaletteTheme): string {
  const start = 4 * rowOf(value)
  return `rgb(${TABLES[theme].subarray(start, start + 3).join(', ')})`
}

/**
 * Writes the colours of `values`, each from −1 to 1, into the bytes of an ImageData, four each. `discrete` leaves three
 * colours: below, at and above 0.
 */
export function paint(
  values: ArrayLike<number>,
  bytes: Uint8ClampedArray,
  { theme, discrete = false }: { theme: PaletteTheme; discrete?: boolean },
): void {
  const table = TABLES[theme]
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    const start = 4 * rowOf(discrete ? Math.sign(value) : value)
    for (let j = 0; j < 4; j++) bytes[4 * i + j] = table[start + j] as number
  }
}

/** Whether text on the colour of a number must be light or dark: the token to colour it with. */
export function inkOn(value: number, theme: PaletteTheme): '--ink-light' | '--ink-dark' {
  const start = 4 * rowOf(value)
  const [red = 0, green = 0, blue = 0] = TABLES[theme].subarray(start, start + 3)
  // At a relative luminance of 0.179 black and white contrast alike (WCAG 2.2), more than 4.5 to 1.
  const luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  return luminance > 0.179 ? '--ink-dark' : '--ink-light'
}

/** A byte of sRGB as a share of light. */
const linear = (byte: number): number =>
  byte <= 10 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4

/** Colours of classes, the first two those of the numbers. After Okabe and Ito, "Color Universal Design" (2008). */
const CLASS_COLORS: Readonly<Record<PaletteTheme, readonly string[]>> = {
  light: '#0858a0 #c85200 #00795a #a3427f #8a6d00 #2a2f36 #5b4bb5 #9c3030 #4d6b18 #0b7fa5'.split(' '),
  dark: '#70bcff #ffa34d #3fcfa4 #ec93c9 #e6cf4d #f2f5f8 #b3a6ff #ff8f8f #b4d66b #5fd3f3'.split(' '),
}

/** The colour of a class, as CSS; ten differ. */
export function classColor(index: number, theme: PaletteTheme): string {
  const colors = CLASS_COLORS[theme]
  return colors[index % colors.length] as string
}
