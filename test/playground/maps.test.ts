// Heat maps: what is next to nothing is pale, what is strong is not, and a class has its own colour alone.
import { init } from 'retrograd'
import { expect, test } from 'vitest'
import type { Frame } from '../../demo/playground/frame.ts'
import { Run } from '../../demo/playground/run.ts'
import { DEFAULTS, type Settings } from '../../demo/playground/settings.ts'
import { MAP } from '../../demo/playground/sizes.ts'
import type { Look, Neuron } from '../../demo/playground/view.ts'

/** A network of zeros but for some biases; the colour in the corner of each of its maps. */
async function cornersOf(
  patch: Partial<Settings>,
  biases: readonly (readonly [Neuron, number])[],
  look: Partial<Look> = {},
): Promise<number[][]> {
  const engine = await init({ backend: 'cpu' })
  let last: Frame | null = null
  const run = await Run.make(
    engine,
    { ...DEFAULTS, count: 40, initializer: 'zeros', ...patch },
    {
      table: null,
      look: { theme: 'light', discrete: false, chosen: null, ...look },
      events: {
        onFrame: async frame => {
          last = frame
        },
        onKeep: async () => {},
        onError: error => {
          throw error
        },
      },
    },
  )
  for (const [neuron, bias] of biases) await run.edit(neuron, null, bias)
  const { picture } = last as unknown as Frame
  await run.dispose()
  await engine.dispose()
  return Array.from({ length: picture.images.length / (4 * MAP) }, (_, map) =>
    Array.from(picture.images.subarray(4 * MAP * map, 4 * MAP * map + 3)),
  )
}

const ZERO = [247, 248, 250]
const distance = (a: readonly number[] = [], b: readonly number[] = []): number =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? 0))))

test.each(['tanh', 'relu', 'identity'] as const)('constants of %s neurons', async activation => {
  const layers = [{ units: 3, activation }]
  const [, , still, small, large] = await cornersOf({ data: 'hills', layers }, [
    [{ layer: 0, neuron: 1 }, 0.011],
    [{ layer: 0, neuron: 2 }, 4],
  ])
  // Zero lies between two of the palette's steps.
  expect(distance(still, ZERO)).toBeLessThanOrEqual(2)
  expect(distance(small, ZERO)).toBeLessThan(10)
  // As dark as blue is.
  expect(distance(large, [8, 88, 160])).toBeLessThanOrEqual(4)
})

test.each([false, true])(
  'of k classes each map is its own colour, or none; decisions alone: %s',
  async discrete => {
    const maps = await cornersOf({ classes: 3, layers: [] }, [[{ layer: 0, neuron: 1 }, 9]], { discrete })
    const [first = [], second = [], third = []] = maps.slice(2)
    for (const other of [first, third]) {
      const [red = 0, , blue = 0] = other
      expect(Math.abs(red - blue)).toBeLessThan(5) // neither orange nor blue
      expect(red).toBeGreaterThan(230)
    }
    // The second class is orange.
    expect((second[0] ?? 0) - (second[2] ?? 0)).toBeGreaterThan(120)
  },
)
