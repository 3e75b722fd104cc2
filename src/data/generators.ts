// Sets made from formulas: small problems on which networks are understood.
import type { Engine } from '../engine.ts'
import { integer, number, type Parsed, parseOptions } from '../options.ts'
import { hostRandom, normalNumber } from '../random.ts'
import { type Dataset, dataset } from './dataset.ts'
import { engineOption } from './numbers.ts'
import { rangeOption } from './scaling.ts'
import { streams } from './shuffle.ts'

/** What every generator takes. */
export interface GeneratorOptions {
  /** Standard deviation of normal noise: added to each feature (of `sine` to the target). */
  noise?: number
  /** Default 0. */
  seed?: number
  engine?: Engine
}

/** How these are read, with the noise there is by default. */
const schema = (noise: number) => ({
  noise: number(noise, { min: 0, max: 1e6 }),
  seed: integer(0),
  engine: engineOption,
})

type Checked = Parsed<ReturnType<typeof schema>>

interface Source {
  /** Uniform in [low, high). */
  uniform(low: number, high: number): number
  /** Normal noise of the deviation asked for. */
  noise(): number
}

/** Makes `count` rows by a rule. The seed decides all of them. */
function generate<T>(
  where: string,
  count: number,
  { noise, seed }: Checked,
  rule: (source: Source, i: number) => T,
): T[] {
  integer(undefined, { min: 1 })(count, { where, name: 'count', rank: 0 })
  const random = hostRandom(seed, streams.generators)
  const source: Source = {
    uniform: (low, high) => low + (high - low) * random(),
    noise: () => noise * normalNumber(random),
  }
  return Array.from({ length: count }, (_, i) => rule(source, i))
}

const on = (engine: Engine | undefined): { engine?: Engine } => (engine ? { engine } : {})

interface Point {
  readonly at: readonly [number, number]
  readonly label: number
}

/** A set of points in the plane. */
function points(
  where: string,
  count: number,
  checked: Checked,
  classes: number,
  rule: (source: Source, i: number) => Point,
): Dataset {
  const rows = generate(where, count, checked, (source, i) => {
    const { at, label } = rule(source, i)
    return { at: at.map(coordinate => coordinate + source.noise()), label }
  })
  const labels = Int32Array.from(rows, ({ label }) => label)
  return dataset(
    rows.map(({ at }) => at),
    labels,
    { classes, ...on(checked.engine) },
  )
}

/**
 * The corners of the unit square, (0, 0), (0, 1), (1, 0) and (1, 1) in turn, labelled a xor b. Four rows without noise are
 * the truth table.
 */
export function xor(count = 4, options: GeneratorOptions = {}): Dataset {
  return points('xor', count, parseOptions('xor', options, schema(0)), 2, (_, i) => {
    const [a, b] = [(i >> 1) & 1, i & 1]
    return { at: [a, b], label: a ^ b }
  })
}

/** A disc of radius 0.5 (class 1) within a ring from 0.7 to 1 (class 0), each evenly filled, in turn. */
export function circle(count = 200, options: GeneratorOptions = {}): Dataset {
  return points('circle', count, parseOptions('circle', options, schema(0)), 2, ({ uniform }, i) => {
    const label = 1 - (i & 1)
    const radius = Math.sqrt(label ? uniform(0, 0.25) : uniform(0.49, 1))
    return { at: polar(radius, uniform(0, 2 * Math.PI)), label }
  })
}

/** Two normal clouds, about (−1, −1) (class 0) and (1, 1) (class 1), in turn. Their deviation is `noise`, 0.5 unless told. */
export function gauss(count = 200, options: GeneratorOptions = {}): Dataset {
  return points('gauss', count, parseOptions('gauss', options, schema(0.5)), 2, (_, i) => {
    const label = i & 1
    const centre = 2 * label - 1
    return { at: [centre, centre], label }
  })
}

/** Options of `spiral`. */
export interface SpiralOptions extends GeneratorOptions {
  /** Default 2. */
  arms?: number
  /** Turns of each arm about the centre. Default 1. */
  turns?: number
}

/** Spiral arms from near the centre to radius 1, one a class, in turn. */
export function spiral(count = 200, options: SpiralOptions = {}): Dataset {
  const { arms, turns, ...checked } = parseOptions('spiral', options, {
    ...schema(0),
    arms: integer(2, { min: 2, max: 1000 }),
    turns: number(1, { min: 0, max: 1000 }),
  })
  return points('spiral', count, checked, arms, ({ uniform }, i) => {
    const label = i % arms
    const radius = Math.sqrt(uniform(0.01, 1))
    return { at: polar(radius, 2 * Math.PI * (turns * radius + label / arms)), label }
  })
}

/** All 2^bits rows of bits, counted up with the last bit fastest; the class is 1 where an odd number of them is 1. */
export function parity(bits: number, options: { engine?: Engine } = {}): Dataset {
  const { engine } = parseOptions('parity', options, { engine: engineOption })
  const width = integer(undefined, { min: 1, max: 20 })(bits, { where: 'parity', name: 'bits', rank: 0 })
  const rows = Array.from({ length: 2 ** width }, (_, i) =>
    Array.from({ length: width }, (_, bit) => (i >> (width - 1 - bit)) & 1),
  )
  const labels = Int32Array.from(rows, row => row.reduce((odd, bit) => odd ^ bit, 0))
  return dataset(rows, labels, { classes: 2, ...on(engine) })
}

/** Options of `sine`. */
export interface SineOptions extends GeneratorOptions {
  /** x is uniform in [low, high). Default 0 and 1. */
  low?: number
  high?: number
}

/** y = sin 2πx, with noise if told: features x, targets y. */
export function sine(count = 25, options: SineOptions = {}): Dataset {
  const {
    low: least,
    high: most,
    ...checked
  } = parseOptions('sine', options, {
    ...schema(0),
    low: number(0),
    high: number(1),
  })
  const { low, high } = rangeOption('sine', { low: least, high: most })
  const rows = generate('sine', count, checked, ({ uniform, noise }) => {
    const x = uniform(low, high)
    return [x, Math.sin(2 * Math.PI * x) + noise()] as const
  })
  return dataset(
    rows.map(([x]) => x),
    rows.map(([, y]) => y),
    on(checked.engine),
  )
}

const polar = (radius: number, angle: number): [number, number] => [
  radius * Math.cos(angle),
  radius * Math.sin(angle),
]
