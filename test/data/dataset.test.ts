// Sets of features and labels: what is accepted, what is refused, whose memory it is.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataset, shuffledRows } from '../../src/data/index.ts'
import { type Engine, gather, init, scope, tensor, zeros } from '../../src/index.ts'
import { refusal } from './refusal.ts'

fc.configureGlobal({ seed: 4 })

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})
afterAll(() => engine.dispose())

const four = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]

describe('features and labels', () => {
  test('rows and class ids', async () => {
    using set = dataset(four, new Uint8Array([0, 1, 1, 0]))
    expect([set.size, set.classes, set.classNames, set.hasLabelIds]).toEqual([4, 2, null, true])
    expect([set.features.shape, set.labels.shape, set.labels.dtype]).toEqual([[4, 2], [4], 'int32'])
    expect(await set.features.array()).toEqual(four)
    expect([...set.labelIds()]).toEqual([0, 1, 1, 0])
    expect([set.featureShape, set.engine]).toEqual([[2], engine])
  })

  test('names are sorted, or taken in the order given', async () => {
    using set = dataset([1, 2, 3], ['pear', 'apple', 'pear'])
    expect(set.classNames).toEqual(['apple', 'pear'])
    expect([...set.labelIds()]).toEqual([1, 0, 1])
    using other = dataset([1, 2, 3], ['pear', 'apple', 'pear'], { classes: ['pear', 'fig', 'apple'] })
    expect([...(await other.labels.data())]).toEqual([0, 2, 0])
    expect(other.classes).toBe(3)
  })

  test('numbers are targets, one column where they are a vector', async () => {
    using set = dataset({ values: new Uint8Array(8), shape: [2, 2, 2] }, [0.5, -1])
    expect([set.featureShape, set.classes, set.labels.shape]).toEqual([[2, 2], null, [2, 1]])
    expect(await set.labels.array()).toEqual([[0.5], [-1]])
    using ids = dataset([0, 1], [0, 1], { classes: 3 })
    expect([ids.classes, ids.labels.dtype]).toEqual([3, 'int32'])
    using vectors = dataset([[1], [2]], new Float32Array([3, 4]))
    expect(vectors.labels.shape).toEqual([2, 1])
  })

  test('without labels the features are the targets, uploaded once', async () => {
    const alone = await init({ backend: 'cpu' })
    const set = dataset(four, four, { engine: alone })
    expect(set.labels).toBe(set.features)
    expect(alone.memory().tensors).toBe(1)
    alone.dispose()
    using other = dataset(four)
    expect(other.labels).toBe(other.features)
  })

  test('tensors are used as they are, and stay the caller’s', async () => {
    const [x, ids, targets] = [zeros([3, 2]), tensor(Int32Array.of(0, 2, 1)), tensor([1, 2, 3])]
    const set = dataset(x, ids, { classes: 3 })
    expect([set.features, set.labels]).toEqual([x, ids])
    expect(set.hasLabelIds).toBe(false)
    expect(refusal(() => set.labelIds())).toMatch(/^value .*came as a tensor/)
    set.dispose()
    expect([x.isDisposed, ids.isDisposed]).toEqual([false, false])
    const regression = dataset(x, targets)
    expect(regression.labels.shape).toEqual([3, 1])
    regression.dispose()
    expect(regression.labels.isDisposed).toBe(true)
    expect(await targets.array()).toEqual([1, 2, 3])
    for (const done of [x, ids, targets]) done.dispose()
  })
})

describe('refused', () => {
  test('nothing, and lengths that differ', () => {
    expect(refusal(() => dataset([], []))).toMatch(/^shape \[dataset\] features have no rows/)
    expect(refusal(() => dataset([[], []], [1, 2]))).toMatch(/no columns/)
    expect(refusal(() => dataset(four, [1, 2, 3]))).toMatch(/^shape .*4 rows of features, 3 labels/)
    expect(refusal(() => dataset(zeros([0, 3]), []))).toMatch(/^shape .*\[0, 3\]/)
  })

  test('text, gaps, NaN and infinity, by row and column', () => {
    const gap = null as unknown as number
    const text = '7' as unknown as number
    const at = (value: number) =>
      refusal(() =>
        dataset(
          [
            [1, 2, 3],
            [4, 5, value],
          ],
          [1, 2],
        ),
      )
    for (const [value, name] of [
      [Number.NaN, 'NaN'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
      [1e39, '1e\\+39'],
      [gap, 'null'],
      [text, "'7'"],
    ] as const)
      expect(at(value)).toMatch(new RegExp(`^value .*${name} at row 1, column 2 \\(counted from 0\\)`))
    expect(refusal(() => dataset(four, [1, 2, Number.NaN, 4]))).toMatch(/labels: NaN at row 2, column 0/)
    expect(refusal(() => dataset([[1, 2], [3]], [1, 2]))).toMatch(/^shape .*row 1 has 1 numbers, row 0 has 2/)
    expect(refusal(() => dataset('abc' as never, [1]))).toMatch(/^value /)
    expect(refusal(() => dataset({ values: [1, 2, 3], shape: [2, 2] }, [1, 2]))).toMatch(/^shape /)
  })

  test('labels that are no classes', () => {
    expect(refusal(() => dataset(four, Int32Array.of(1, 1, 1, 1)))).toMatch(/^value .*of one class, 1/)
    expect(refusal(() => dataset(four, ['a', 'a', 'a', 'a']))).toMatch(/one class, 'a'/)
    expect(dataset(four, Int32Array.of(1, 1, 1, 1), { classes: 2 }).classes).toBe(2)
    expect(refusal(() => dataset(four, Int32Array.of(0, 1, 2, 3), { classes: 3 }))).toMatch(
      /^index .*3 at row 3 is no class id in \[0, 3\)/,
    )
    expect(refusal(() => dataset(four, Int32Array.of(0, -1, 2, 3)))).toMatch(/^index .*-1 at row 1/)
    expect(refusal(() => dataset(four, [0, 1, 0.5, 1], { classes: 2 }))).toMatch(/^index .*0.5 at row 2/)
    expect(refusal(() => dataset(four, ['a', 'b', 'c', 'a'], { classes: ['a', 'b'] }))).toMatch(
      /'c' at row 2/,
    )
    expect(refusal(() => dataset(four, ['a', 'b', 3, 'a'] as never))).toMatch(/^value .*3 at row 2/)
    expect(refusal(() => dataset(four, [0, 1, 1, 0], { classes: 0 }))).toMatch(/^option /)
    expect(refusal(() => dataset(four, [0, 1, 1, 0], { class: 2 } as never))).toMatch(/'classes'/)
  })

  test('tensors that do not fit', () => {
    const ids = tensor(Int32Array.of(0, 1, 2))
    expect(refusal(() => dataset(zeros([3]), [1, 2, 3]))).toMatch(/^shape /)
    expect(refusal(() => dataset(zeros([3, 1], { dtype: 'int32' }), [1, 2, 3]))).toMatch(/^dtype /)
    expect(refusal(() => dataset([1, 2, 3], ids))).toMatch(/^option .*classes: count/)
    expect(refusal(() => dataset([1, 2, 3], ids, { classes: 2 }))).toMatch(/^index .*index 2 at row 2/)
    expect(refusal(() => dataset([1, 2, 3], zeros([3]), { classes: 2 }))).toMatch(/^option /)
    ids.dispose()
    expect(refusal(() => dataset([1, 2, 3], ids, { classes: 3 }))).toMatch(/^disposed /)
  })

  test('two engines', async () => {
    const other = await init({ backend: 'cpu' })
    const x = tensor([[1]], { engine: other })
    expect(refusal(() => dataset(x, [1], { engine }))).toMatch(/^engine /)
    using set = dataset([1], x)
    expect(set.engine).toBe(other)
    other.dispose()
  })
})

describe('subsets', () => {
  test('name rows of the same tensors', async () => {
    using set = dataset(four, new Uint8Array([0, 1, 2, 0]), { classes: ['a', 'b', 'c'] })
    const some = set.subset([3, 2, 2])
    const fewer = some.subset([1, 0])
    expect([...fewer.rows]).toEqual([2, 3])
    expect([...fewer.labelIds()]).toEqual([2, 0])
    expect([fewer.features, fewer.classes, fewer.classNames]).toEqual([set.features, 3, ['a', 'b', 'c']])
    const positions = tensor(fewer.rows)
    expect(await gather(fewer.features, positions).array()).toEqual([
      [1, 0],
      [1, 1],
    ])
    expect(refusal(() => set.subset([]))).toMatch(/^value /)
    for (const wrong of [4, -1, 0.5, Number.NaN])
      expect(refusal(() => set.subset([wrong]))).toMatch(/^index /)
  })

  test('the first set frees everything, subsets nothing; scopes leave it alone', async () => {
    const alone = await init({ backend: 'cpu' }) // an engine of its own: no garbage of other tests is counted
    const set = scope(() => dataset(four, new Uint8Array([0, 1, 1, 0]), { engine: alone }))
    const part = set.subset([0, 1])
    part.dispose()
    expect(alone.memory().tensors).toBe(2)
    set.dispose()
    set.dispose()
    expect(alone.memory()).toMatchObject({ tensors: 0, liveBytes: 0 })
    expect(refusal(() => part.features.reshape([8]))).toMatch(/^disposed /)
    alone.dispose()
  })
})

describe('withFeatures', () => {
  test('copies the rows of the set with features of another kind', async () => {
    const alone = await init({ backend: 'cpu' })
    const set = dataset(four, ['a', 'b', 'c', 'a'], { engine: alone })
    const part = set.subset([3, 1])
    const changed = part.withFeatures(x => x.mul(2).add(1))
    expect(await changed.features.array()).toEqual([
      [3, 3],
      [1, 3],
    ])
    expect([...(await changed.labels.data())]).toEqual([0, 1])
    expect([...changed.labelIds(), ...changed.rows]).toEqual([0, 1, 0, 1])
    expect(changed.classNames).toEqual(['a', 'b', 'c'])
    changed.dispose()
    expect(refusal(() => part.withFeatures(x => x.sum()))).toMatch(/^shape .*2 rows of features became \[\]/)
    const same = dataset(four, four, { engine: alone }).withFeatures(x => x.neg())
    expect(same.labels).toBe(same.features)
    alone.dispose()
  })
})

describe('shuffledRows', () => {
  test('is a permutation that seed and epoch decide', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), fc.nat(), fc.nat(1000), (count, seed, epoch) => {
        const rows = shuffledRows(count, seed, epoch)
        expect(rows).toEqual(shuffledRows(count, seed, epoch))
        expect(rows.toSorted()).toEqual(Int32Array.from({ length: count }, (_, i) => i))
      }),
    )
    expect(shuffledRows(50, 1, 0)).not.toEqual(shuffledRows(50, 1, 1))
    expect(shuffledRows(50, 1, 0)).not.toEqual(shuffledRows(50, 2, 0))
    expect(refusal(() => shuffledRows(-1))).toMatch(/^option /)
  })
})
