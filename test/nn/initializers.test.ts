// Initialisers: limits, variances and orthogonality of what they draw, and the same weights from the same seed.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Engine, init, nn } from '../../src/index.ts'

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 11 })
})
afterAll(() => engine.dispose())

const weightsOf = async (
  inputs: number,
  outputs: number,
  initializer: nn.InitializerName | nn.Initializer,
): Promise<Float32Array> => {
  const weight = nn.linear(inputs, outputs, { initializer }).namedParameters().get('weight')
  return (await weight?.data()) as Float32Array
}

const mean = (list: ArrayLike<number>): number =>
  Array.from(list).reduce((sum, x) => sum + x, 0) / list.length

const INPUTS = 200
const OUTPUTS = 300
const COUNT = INPUTS * OUTPUTS

/** Variance of each scaled initialiser at [200, 300]. */
const variances = {
  glorot: 2 / (INPUTS + OUTPUTS),
  he: 2 / INPUTS,
  lecun: 1 / INPUTS,
}

describe.each(Object.entries(variances))('%s', (name, variance) => {
  it('uniform fills ±√(3·variance) evenly', async () => {
    const w = await weightsOf(INPUTS, OUTPUTS, `${name as keyof typeof variances}Uniform`)
    const limit = Math.sqrt(3 * variance)
    // float32 rounds the limit up at most by a unit in the last place.
    expect(Math.max(...w.map(Math.abs))).toBeLessThanOrEqual(limit * (1 + 2 ** -23))
    // Nothing in the outer thousandth on one side has probability (1 − 0.0005)^60000 = 1e-13.
    expect(Math.max(...w)).toBeGreaterThan(0.999 * limit)
    expect(Math.min(...w)).toBeLessThan(-0.999 * limit)
    // Five standard errors: of the mean, and of the variance of a uniform variable, √(0.8 / count) of itself.
    expect(Math.abs(mean(w))).toBeLessThan(5 * Math.sqrt(variance / COUNT))
    expect(Math.abs(mean(w.map(x => x * x)) / variance - 1)).toBeLessThan(5 * Math.sqrt(0.8 / COUNT))
  })

  it('normal has its variance, and the share of a normal variable within one deviation', async () => {
    const w = await weightsOf(INPUTS, OUTPUTS, `${name as keyof typeof variances}Normal`)
    expect(Math.abs(mean(w))).toBeLessThan(5 * Math.sqrt(variance / COUNT))
    // The variance's standard error is √(2 / count) of itself for a normal variable.
    expect(Math.abs(mean(w.map(x => x * x)) / variance - 1)).toBeLessThan(5 * Math.sqrt(2 / COUNT))
    const within = w.filter(x => Math.abs(x) < Math.sqrt(variance)).length / COUNT
    expect(Math.abs(within - 0.6827)).toBeLessThan(5 * Math.sqrt((0.6827 * 0.3173) / COUNT))
  })
})

it('glorotUniform is ±√6/√(fan-in + fan-out), as the lectures write it', async () => {
  const w = await weightsOf(3, 3, 'glorotUniform')
  expect(Math.max(...w.map(Math.abs))).toBeLessThanOrEqual(1)
  const many = await weightsOf(2, 598, 'glorotUniform')
  expect(Math.max(...many.map(Math.abs))).toBeGreaterThan(0.099)
  expect(Math.max(...many.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.1))
})

describe('orthogonal', () => {
  it('has orthonormal rows or columns, whichever are fewer, to 1e-5', async () => {
    const size = fc.integer({ min: 1, max: 24 })
    await fc.assert(
      fc.asyncProperty(size, size, async (inputs, outputs) => {
        const w = await weightsOf(inputs, outputs, 'orthogonal')
        const at = (i: number, j: number) => w[i * outputs + j] as number
        const isWide = inputs <= outputs
        const [few, many] = isWide ? [inputs, outputs] : [outputs, inputs]
        for (let a = 0; a < few; a++) {
          for (let b = 0; b <= a; b++) {
            let product = 0
            for (let k = 0; k < many; k++) product += isWide ? at(a, k) * at(b, k) : at(k, a) * at(k, b)
            expect(Math.abs(product - (a === b ? 1 : 0))).toBeLessThan(1e-5)
          }
        }
      }),
      { seed: 3, numRuns: 40 },
    )
  })

  it('holds for a large square, where rounding would add up', async () => {
    const n = 150
    const w = await weightsOf(n, n, 'orthogonal')
    for (let a = 0; a < n; a += 7) {
      for (let b = 0; b <= a; b++) {
        let product = 0
        for (let k = 0; k < n; k++) product += (w[a * n + k] as number) * (w[b * n + k] as number)
        expect(Math.abs(product - (a === b ? 1 : 0))).toBeLessThan(1e-5)
      }
    }
  })
})

describe('by hand', () => {
  it('constant, zeros and ones are just that', async () => {
    expect([...(await weightsOf(1, 2, nn.constant(0.5)))]).toEqual([0.5, 0.5])
    expect([...(await weightsOf(1, 2, 'zeros'))]).toEqual([0, 0])
    expect([...(await weightsOf(1, 2, 'ones'))]).toEqual([1, 1])
  })

  it('uniform and normal take their limits', async () => {
    const u = await weightsOf(INPUTS, OUTPUTS, nn.uniform(-0.1, 0.3))
    expect(Math.min(...u)).toBeGreaterThanOrEqual(Math.fround(-0.1))
    expect(Math.max(...u)).toBeLessThanOrEqual(Math.fround(0.3))
    expect(Math.abs(mean(u) - 0.1)).toBeLessThan((5 * 0.4) / Math.sqrt(12 * COUNT))
    const g = await weightsOf(INPUTS, OUTPUTS, nn.normal(0.01))
    expect(Math.abs(mean(g.map(x => x * x)) / 1e-4 - 1)).toBeLessThan(5 * Math.sqrt(2 / COUNT))
  })

  it('a function of one’s own gets the shape and a stream of numbers', async () => {
    const own: nn.Initializer = ([inputs = 0, outputs = 0], draw) =>
      Float32Array.from({ length: inputs * outputs }, (_, i) => i + Math.floor(draw()))
    expect([...(await weightsOf(2, 3, own))]).toEqual([0, 1, 2, 3, 4, 5])
  })
})

it('the same seed gives the same weights, another seed others, and layers differ', async () => {
  const drawn: number[][] = []
  for (const seed of [4, 4, 5]) {
    const other = await init({ backend: 'cpu', seed })
    for (const name of Object.keys(nn.initializers) as nn.InitializerName[]) {
      if (name === 'zeros' || name === 'ones') continue
      const made = other.use(() => [1, 2].map(() => nn.linear(3, 4, { initializer: name })))
      const [first, second] = await Promise.all(made.map(async ({ parameters }) => parameters()[0]?.data()))
      expect(first, name).not.toEqual(second)
      drawn.push([...(first ?? []), ...(second ?? [])])
    }
    other.dispose()
  }
  const kinds = drawn.length / 3
  expect(drawn.slice(0, kinds)).toEqual(drawn.slice(kinds, 2 * kinds))
  for (let k = 0; k < kinds; k++) expect(drawn[k]).not.toEqual(drawn[2 * kinds + k])
})

describe('errors', () => {
  it('name what is wrong', () => {
    expect(() => nn.linear(2, 3, { initializer: 'glorot' as nn.InitializerName })).toThrow(
      "[linear] unknown initializer 'glorot'. Known: glorotUniform",
    )
    expect(() => nn.linear(2, 3, { initializer: () => new Float32Array(5) })).toThrow(
      '[linear] the initializer gave 5 numbers for shape [2, 3].',
    )
    expect(() => nn.linear(2, 3, { initializer: (() => undefined) as never })).toThrow('gave no numbers')
    expect(() => nn.constant(Number.NaN)).toThrow('[constant] it takes finite numbers, not NaN.')
    expect(() => nn.constant('1' as never)).toThrow("[constant] it takes finite numbers, not '1'.")
    expect(() => nn.uniform(1, 0)).toThrow('[uniform] low 1 is above high 0.')
    expect(() => nn.normal(-1)).toThrow('[normal] the deviation is -1; it must be 0 or more.')
    expect(() => nn.initializers.orthogonal([4], () => 0.5)).toThrow('[orthogonal] the weight is [4]')
  })
})
