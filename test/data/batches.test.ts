// Batches of sets and of streams: every row once an epoch, and no memory left behind.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Batch, batches, type Chunk, dataset, Stream, stream } from '../../src/data/index.ts'
import { type Engine, init } from '../../src/index.ts'
import { refusal, rejection } from './refusal.ts'

fc.configureGlobal({ seed: 4 })

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})
afterAll(() => engine.dispose())

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const pairs = (n: number, first = 0): number[][] => upTo(n).map(i => [first + i, 1000 - first - i])

/** The first column of a batch's features and its labels, checked against each other. */
async function numbers({ features, labels, size }: Batch): Promise<number[]> {
  const rows = (await features.array()) as number[][]
  expect(rows.length).toBe(size)
  expect(rows.map(row => row[1])).toEqual(rows.map(row => 1000 - (row[0] as number)))
  expect([...(await labels.data())]).toEqual(rows.map(row => (row[0] as number) % 3))
  return rows.map(row => row[0] as number)
}

/** The numbers of each batch of an epoch. */
async function epoch(source: Iterable<Batch> | AsyncIterable<Batch>): Promise<number[][]> {
  const found: number[][] = []
  for await (const batch of source) found.push(await numbers(batch))
  return found
}

describe('batches', () => {
  test('hold every row once, the last as short as it comes, or not at all', async () => {
    const size = fc.integer({ min: 1, max: 40 })
    await fc.assert(
      fc.asyncProperty(size, fc.nat(), fc.boolean(), fc.nat(), async (count, part, dropLast, seed) => {
        const batchSize = 1 + (part % count)
        const set = dataset(
          pairs(count),
          Int32Array.from(upTo(count), i => i % 3),
          { classes: 3 },
        )
        const made = batches(set, { batchSize, dropLast, seed })
        const found = await epoch(made)
        const rest = count % batchSize
        const full = Array.from({ length: Math.floor(count / batchSize) }, () => batchSize)
        expect(found.map(batch => batch.length)).toEqual(rest && !dropLast ? [...full, rest] : full)
        expect(found.length).toBe(made.length)
        const all = found.flat()
        expect(new Set(all).size).toBe(all.length)
        if (!dropLast) expect(all.sort((a, b) => a - b)).toEqual(upTo(count))
        set.dispose()
      }),
    )
  })

  test('come in a new order each epoch, the same again from the same seed', async () => {
    using set = dataset(
      pairs(30),
      Int32Array.from(upTo(30), i => i % 3),
    )
    const part = set.subset(upTo(20))
    const [one, other] = [batches(part, { batchSize: 8, seed: 5 }), batches(part, { batchSize: 8, seed: 5 })]
    const first = await epoch(one)
    expect(await epoch(other)).toEqual(first)
    const second = await epoch(one)
    expect(second).not.toEqual(first)
    expect(await epoch(other)).toEqual(second)
    expect(await epoch(batches(part, { batchSize: 8, seed: 6 }))).not.toEqual(first)
    const inOrder = await epoch(batches(part, { batchSize: 8, shuffle: false }))
    expect(inOrder.flat()).toEqual(upTo(20))
  })

  test('are disposed when the next is asked for, and at a break', async () => {
    const alone = await init({ backend: 'cpu' })
    const set = dataset(
      pairs(10),
      Int32Array.from(upTo(10), i => i % 3),
      { engine: alone },
    )
    for (const batch of batches(set, { batchSize: 4 })) {
      expect(await numbers(batch)).toHaveLength(batch.size)
      expect(alone.memory().tensors).toBe(4)
    }
    for (const { size } of batches(set, { batchSize: 4 })) if (size) break
    await alone.idle() // runs what was pending
    expect(alone.memory().tensors).toBe(2)
    set.dispose()
    expect(alone.memory()).toMatchObject({ tensors: 0, liveBytes: 0 })
    alone.dispose()
  })

  test('default to 32 or the set, and refuse more than the set', () => {
    using set = dataset(
      pairs(10),
      Int32Array.from(upTo(10), i => i % 3),
    )
    expect(batches(set).length).toBe(1)
    expect(refusal(() => batches(set, { batchSize: 11 }))).toMatch(/^value .*batchSize is 11, the set has 10/)
    expect(refusal(() => batches(set, { batchSize: 0 }))).toMatch(/^option /)
  })
})

/** Rows first … first + n − 1 as a chunk. */
const chunk = (n: number, first = 0): Chunk => ({
  features: pairs(n, first),
  labels: Int32Array.from(upTo(n), i => (first + i) % 3),
})

/** Chunks of these sizes, and what became of them. */
function chunks(sizes: readonly number[]) {
  const log = { asked: 0, closed: 0, opened: 0 }
  const make = async function* () {
    log.opened++
    try {
      let first = 0
      for (const size of sizes) {
        log.asked++
        yield chunk(size, first)
        first += size
      }
    } finally {
      log.closed++
    }
  }
  return { make, log }
}

describe('stream', () => {
  test('makes batches of one size from chunks of any, in order, epoch after epoch', async () => {
    const sizes = fc.array(fc.nat(20), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (given, batchSize, dropLast) => {
          const total = given.reduce((sum, size) => sum + size, 0)
          fc.pre(total >= batchSize)
          const source = stream(chunks(given).make, { batchSize, dropLast, classes: 3 })
          const rest = total % batchSize
          for (const _ of [1, 2]) {
            const found = await epoch(source)
            const full = Array.from({ length: Math.floor(total / batchSize) }, () => batchSize)
            expect(found.map(batch => batch.length)).toEqual(rest && !dropLast ? [...full, rest] : full)
            expect(found.flat()).toEqual(upTo(dropLast ? total - rest : total))
          }
        },
      ),
    )
  })

  test('fetches one chunk ahead', async () => {
    const { make, log } = chunks([4, 4, 4, 4])
    const asked: number[] = []
    for await (const batch of stream(make, { batchSize: 4, classes: 3 })) {
      expect(batch.size).toBe(4)
      asked.push(log.asked)
    }
    expect(asked).toEqual([2, 3, 4, 4])
    expect(log).toEqual({ asked: 4, closed: 1, opened: 1 })
  })

  test('tells what it knows', async () => {
    const source = stream(chunks([3]).make, { batchSize: 2, classes: ['a', 'b', 'c'] })
    expect(source).toBeInstanceOf(Stream)
    expect([source.batchSize, source.classes, source.classNames, source.engine]).toEqual([
      2,
      3,
      ['a', 'b', 'c'],
      engine,
    ])
    expect(source.featureShape).toBe(null)
    await epoch(source)
    expect(source.featureShape).toEqual([2])
  })

  test('takes names, targets and features alone', async () => {
    const named = stream([{ features: [1, 2], labels: ['b', 'a'] }], { classes: ['a', 'b'] })
    for await (const { labels } of named) expect([...(await labels.data())]).toEqual([1, 0])
    const targets = stream([{ features: [[1, 2]], labels: [0.5] }])
    for await (const { labels } of targets) expect(await labels.array()).toEqual([[0.5]])
    const alone = stream([{ features: [[1, 2]] }])
    for await (const { features, labels } of alone) expect(labels).toBe(features)
    expect([named.classes, targets.classes]).toEqual([2, null])
  })

  test('ending early closes the source, even while it is fetching', async () => {
    const { make, log } = chunks([4, 4, 4])
    for await (const { size } of stream(make, { batchSize: 4, classes: 3 })) if (size) break
    expect(log.closed).toBe(1)
    let closed = 0
    let fetched = 0
    const stuck = {
      [Symbol.asyncIterator]: () => ({
        next: async () =>
          fetched++ ? new Promise<never>(() => undefined) : { done: false, value: chunk(4) },
        return: async () => {
          closed++
          return { done: true as const, value: undefined }
        },
      }),
    }
    for await (const { size } of stream(stuck as AsyncIterable<Chunk>, { batchSize: 2, classes: 3 }))
      if (size) break
    expect([fetched, closed]).toEqual([2, 1])
  })

  test('errors of the source come out where they belong, after the batches before', async () => {
    const failing = async function* () {
      yield chunk(4)
      throw new Error('the disk is gone')
    }
    const found: number[] = []
    const reading = (async () => {
      for await (const { size } of stream(failing, { batchSize: 2, classes: 3 })) found.push(size)
    })()
    await expect(reading).rejects.toThrow('the disk is gone')
    expect(found).toEqual([2, 2])
    // One that nobody waits for does not go unhandled (vitest fails on those).
    for await (const { size } of stream(failing, { batchSize: 2, classes: 3 })) {
      await new Promise(done => setTimeout(done))
      if (size) break
    }
  })

  test('leaves no memory behind', async () => {
    const alone = await init({ backend: 'cpu' })
    const source = stream(chunks([5, 1, 7]).make, { batchSize: 3, classes: 3, engine: alone })
    for await (const batch of source) {
      expect(batch.features.engine).toBe(alone)
      expect(alone.memory().tensors).toBe(2)
    }
    for await (const { size } of source) if (size) break
    expect(alone.memory()).toMatchObject({ tensors: 0, liveBytes: 0 })
    alone.dispose()
  })

  test('refused: what is no source, bad chunks, nothing at all', async () => {
    expect(refusal(() => stream(3 as never))).toMatch(/^value .*the source is 3/)
    expect(refusal(() => stream([], { classes: -1 }))).toMatch(/^option /)
    const fails = (source: readonly unknown[], options = {}) =>
      rejection(epoch(stream(source as Chunk[], options)))
    const classes = 3
    expect(await fails([])).toMatch(/^value .*the source gave 0 rows/)
    expect(await fails([chunk(2)], { classes, batchSize: 3, dropLast: true })).toMatch(
      /gave 2 rows, no batch/,
    )
    expect(await fails([7])).toMatch(/^value \[stream, chunk 0\] it is 7/)
    expect(await fails([chunk(2)])).toMatch(/^option .*chunk 0.*classes/)
    expect(await fails([chunk(2), { features: [[1, Number.NaN]], labels: [1] }], { classes })).toMatch(
      /^value \[stream, chunk 1\] features: NaN at row 0, column 1/,
    )
    expect(await fails([chunk(2), { features: [[1, 2, 3]], labels: [1] }], { classes })).toMatch(
      /^shape .*chunk 1.*rows of features are \[3\], those of the first chunk \[2\]/,
    )
    expect(await fails([{ features: [[1, 2]], labels: [1, 2] }], { classes })).toMatch(
      /^shape .*1 rows of features, 2/,
    )
    expect(await fails([{ features: [[1, 2]], labels: [3] }], { classes })).toMatch(/^index /)
    // A chunk that lacks a name would give the others other places.
    expect(await fails([{ features: [1, 2], labels: ['a', 'b'] }], { classes: 2 })).toMatch(
      /^option .*labels are names.*all of them/,
    )
    expect(await fails([chunk(2), null, chunk(2)], { classes })).toMatch(/^value .*chunk 1\] it is null/)
    const once = stream(chunks([4]).make(), { classes })
    await epoch(once)
    expect(await rejection(epoch(once))).toMatch(/^value .*read before.*function/)
  })
})
