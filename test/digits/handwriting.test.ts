// What the page Digits makes of strokes and of written layer sizes.
import { describe, expect, test } from 'vitest'
import { pictureOf, SIDE } from '../../demo/digits/handwriting.ts'
import { parseSizes } from '../../demo/digits/settings.ts'

describe('a picture of what is drawn', () => {
  const SIZE = 100
  const drawn = (isInk: (x: number, y: number) => boolean): Float32Array =>
    Float32Array.from({ length: SIZE * SIZE }, (_, i) => Number(isInk(i % SIZE, Math.floor(i / SIZE))))

  test('is null for nothing', () => {
    expect(
      pictureOf(
        drawn(() => false),
        SIZE,
        SIZE,
      ),
    ).toBeNull()
  })

  test('fits a square anywhere into the 20 × 20 in the middle', () => {
    const picture = pictureOf(
      drawn((x, y) => x >= 7 && x < 57 && y >= 40 && y < 90),
      SIZE,
      SIZE,
    )
    const expected = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
      const [x, y] = [i % SIDE, Math.floor(i / SIDE)]
      return x >= 4 && x < 24 && y >= 4 && y < 24 ? 255 : 0
    })
    expect(picture).toEqual(expected)
  })

  test('keeps proportions, smooths edges, and has its centre of mass in the middle', () => {
    // An L of a bar 80 × 10 and a foot 40 × 10: a scale of 20 / 80, so that strokes are 2.5 pixels wide.
    const picture = pictureOf(
      drawn((x, y) => y >= 10 && y < 90 && x >= 20 && (x < 30 || (y >= 80 && x < 60))),
      SIZE,
      SIZE,
    )
    let mass = 0
    let across = 0
    let down = 0
    for (const [i, ink] of (picture ?? []).entries()) {
      mass += ink
      across += ink * ((i % SIDE) + 0.5)
      down += ink * (Math.floor(i / SIDE) + 0.5)
    }
    // 80 · 10 + 30 · 10 points, each (1 / 4)² of a pixel. A byte rounds each pixel by up to half of 1 / 255.
    expect(mass / 255).toBeCloseTo(1100 / 16, 0)
    expect(across / mass).toBeCloseTo(14, 1)
    // Centred on its mass it would hang out above: (80 · 40 + 30 · 75) / 110 points down, 12.39 pixels, leave 7.61 below.
    expect(down / mass).toBeCloseTo(14, 1)
  })
})

test('layer sizes are read from what people write', () => {
  expect(parseSizes('256,128')).toEqual([256, 128])
  expect(parseSizes(' 256 × 128; 32 ')).toEqual([256, 128, 32])
  expect(parseSizes('')).toEqual([])
})
