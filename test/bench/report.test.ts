// Charts, floors and agreement of the benchmark, on numbers made up.
import { expect, test } from 'vitest'
import { differenceOf } from '../../bench/race/agree.ts'
import type { LibraryName } from '../../bench/race/library.ts'
import { drawNumbers } from '../../bench/race/numbers.ts'
import type { RaceResult } from '../../bench/race/race.ts'
import { expectedOf } from '../../bench/race/reference.ts'
import { median, spreadOf } from '../../bench/race/statistics.ts'
import { drawChart, logScale } from '../../bench/report/chart.ts'
import { checkFloors } from '../../bench/report/floors.ts'
import type { Results, Solo } from '../../bench/report/results.ts'
import { columns, short } from '../../bench/report/table.ts'

function raced(workload: string, medians: Partial<Record<LibraryName, number>>): RaceResult {
  const times = Object.fromEntries(
    Object.entries(medians).map(([name, milliseconds]) => [
      name,
      {
        milliseconds: spreadOf([milliseconds]),
        batches: 1,
        calls: 1,
        mainThreadMilliseconds: 0.05,
        difference: 0,
      },
    ]),
  )
  return { workload, times, absent: {}, tolerance: 1 }
}

function alone(library: LibraryName, cold: readonly number[], counts: Partial<Solo['counts']> = {}): Solo {
  const none = { dispatches: 0, submits: 0, bindGroups: 0, buffers: 0, bufferBytes: 0, writes: 0 }
  return {
    library,
    workload: 'W1',
    coldMilliseconds: cold,
    counts: { ...none, writeBytes: 0, copies: 0, pipelines: 0, shaderModules: 0, ...counts },
    steps: 1,
    peakBytes: 33e6,
    steadyPeakBytes: 33e6,
  }
}

test('a scale spans the values between round ends, and equal ratios are equally far apart', () => {
  const scale = logScale([0.7, 3, 130])
  expect([scale.low, scale.high]).toEqual([0.5, 200])
  expect(scale.ticks).toEqual([0.5, 1, 2, 5, 10, 20, 50, 100, 200])
  expect(scale.position(0.5)).toBe(0)
  expect(scale.position(200)).toBe(1)
  expect(scale.position(2) - scale.position(1)).toBeCloseTo(scale.position(4) - scale.position(2))
})

test.each([[[]], [[1]], [[Number.NaN, 0]]])('a scale of %j is from 1 to 2', values => {
  expect(logScale(values).ticks).toEqual([1, 2])
})

test('a scale that ends at a tick goes no further', () => {
  expect(logScale([10]).high).toBe(10)
  expect(logScale([0.1]).low).toBe(0.1)
})

test('a chart has a bar a peer, all inside, and its words escaped', () => {
  const adapter: Results['adapter'] = {
    vendor: '',
    architecture: '',
    description: 'A < B & C',
    isFallback: true,
    features: [],
    limits: {},
  }
  const races = [
    raced('W1', { retrograd: 1, 'jax-js': 2, tfjs: 90 }),
    raced('columnSum', { retrograd: 2, 'jax-js': 1 }),
    raced('adam', { retrograd: 2 }),
  ]
  const svg = drawChart({ races, adapter, versions: { chrome: 'Chrome/1.2' } })
  expect(svg).toContain('A &lt; B &amp; C (software)')
  expect(svg.match(/class="(jax|tfjs)" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="11"/g)).toHaveLength(3)
  const width = Number(/<svg[^>]* width="(\d+)"/.exec(svg)?.[1])
  for (const [, x, bar] of svg.matchAll(/<rect class="\w+" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g))
    expect(Number(x) + Number(bar)).toBeLessThan(width)
  expect(svg).not.toContain('NaN')
})

test('floors are checked where their numbers are there', () => {
  const races = [
    raced('W1', { retrograd: 1, 'jax-js': 1.4, tfjs: 7 }),
    raced('matmul512NN', { retrograd: 1, 'jax-js': 3 }),
    raced('adam', { retrograd: 1, 'jax-js': 1 }),
  ]
  const solos = [
    alone('retrograd', [100, 900, 110], { dispatches: 13, submits: 1, writes: 1 }),
    alone('jax-js', [400]),
  ]
  const heap = { workload: 'W3', steps: 1000, bytesBefore: 5000, bytesAfter: 4000 }
  const met = Object.fromEntries(checkFloors({ races, solos, heap }).map(({ name, met }) => [name, met]))
  expect(met).toEqual({
    'W1 over jax-js': false,
    'W1 over tfjs': true,
    'matmul512NN over jax-js': true,
    "W1 first step over jax-js's": true,
    'W1 dispatches a step': false,
    'W1 submits a step': true,
    'W1 buffers a step': true,
    'W1 bindGroups a step': true,
    'W1 writes a step': true,
    'W1 main thread a step': true,
    'W1 peak memory over the ideal': true,
    'heap growth a W3 step': true,
  })
  expect(checkFloors({ races: [], solos: [], heap: null })).toEqual([])
})

test('medians, differences, numbers and columns', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(median([])).toBeNaN()
  expect(differenceOf([1, -4], [1, -3])).toBe(0.25)
  expect(differenceOf([0], [0])).toBe(0)
  expect(differenceOf([1], [1, 2])).toBe(Number.POSITIVE_INFINITY)
  expect(differenceOf([Number.NaN, 1], [1, 1])).toBe(Number.POSITIVE_INFINITY)
  expect([short(0.01234), short(1234.5), short(Number.NaN)]).toEqual(['0.0123', '1,235', '-'])
  expect(
    columns([
      ['a', 'bb'],
      ['ccc', 'd'],
    ]),
  ).toBe('a    bb\nccc   d')
})

test('the numbers repeat by their seed, and the reference agrees with a loss known in closed form', () => {
  const workload = { kind: 'training', name: 'tiny', sizes: [2, 3, 4], batch: 5, loss: 'softmax' } as const
  const numbers = drawNumbers(workload)
  expect(drawNumbers(workload)).toEqual(numbers)
  expect(drawNumbers(workload, 2)).not.toEqual(numbers)
  // Weights of 0 make every class as likely.
  const weights = numbers.weights.map(({ weight, bias }) => ({ weight: weight.fill(0), bias: bias.fill(0) }))
  expect(expectedOf(workload, { ...numbers, weights })?.values[0]).toBeCloseTo(Math.log(4), 12)
})
