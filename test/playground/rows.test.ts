// Problems made of a visitor's table: what is held out for which settings, and what is refused in words.
import { type data, init } from 'retrograd'
import { beforeAll, expect, test } from 'vitest'
import { tableProblem } from '../../demo/playground/rows.ts'
import { type Columns, DEFAULTS, type Settings } from '../../demo/playground/settings.ts'

beforeAll(async () => {
  await init({ backend: 'cpu' })
})

/** Town i of `towns` in row i, or the first. */
const table = (towns: readonly string[]): data.Table => ({
  columns: ['town', 'size', 'answer'],
  rows: Array.from({ length: 40 }, (_, i) => [towns[i] ?? towns[0] ?? '', i % 9, i % 2 ? 'yes' : 'no']),
})

const problemOf = (towns: readonly string[], patch: Partial<Settings> = {}) =>
  tableProblem(
    table(towns),
    { label: 'answer', task: 'classes', features: { town: 'oneHot', size: 'standardize' } },
    { ...DEFAULTS, data: 'own', ...patch },
  )

const towns = Array.from({ length: 40 }, (_, i) => 'ab'[i % 2] ?? '')

test('a fifth of the rows to train on is held out where settings judge on the way, and only there', async () => {
  const rows = async (patch: Partial<Settings>) => {
    const { view, dispose } = await problemOf(towns, patch)
    dispose()
    return view.rows
  }
  expect(await rows({})).toEqual({ train: 20, validation: 0, test: 20 })
  expect(await rows({ patience: 3 })).toEqual({ train: 16, validation: 4, test: 20 })
  expect(await rows({ schedule: 'reduceOnPlateau' })).toEqual({ train: 16, validation: 4, test: 20 })
  expect(await rows({ trainShare: 20, patience: 3 })).toEqual({ train: 6, validation: 2, test: 32 })
})

test('its map is aimed at any two inputs; others keep the mean of the training rows', async () => {
  const problem = await problemOf(towns, { map: ['town=b', 'nothing of that name'] })
  expect(problem.view.inputs).toEqual(['town=a', 'town=b', 'size'])
  // What is not there is as usual: the first is a number, and then categories in their order.
  expect(problem.view.axes.map(({ name }) => name)).toEqual(['town=b', 'town=a'])
  const aimed = await problem.aim(['town=a', 'size'])
  expect(aimed.axes.map(({ name }) => name)).toEqual(['town=a', 'size'])
  const grid = await problem.grid.data()
  const bs = aimed.train.x.filter(isA => isA === 0).length
  for (let row = 0; row < 2500; row += 499) expect(grid[3 * row + 1]).toBeCloseTo(bs / 20, 6)
  expect(aimed.unseen.x.length).toBe(20)
  problem.dispose()
})

test('a value that no training row has is told in words', async () => {
  const rare = towns.map((town, i) => (i % 10 === 3 ? `town ${i}` : town))
  await expect(problemOf(rare)).rejects.toThrow(/“town” is “town \d+” in a row that is not trained on/)
})

/** Tables with one odd cell, in a row that the visitor counts as the 39th. */
const odd = (cell: data.Cell): data.Table => ({
  columns: ['a', 'b', 'answer'],
  rows: Array.from({ length: 60 }, (_, i) => [i === 38 ? cell : i, i % 7, i % 2 ? 'yes' : 'no']),
})

test.each<[string, data.Cell, Partial<Columns>, RegExp]>([
  ['too large', 38e300, {}, /“a” is 3\.8e\+301 in row 39 \(not counting the header\): beyond 3\.4e38/],
  ['text', 'oops', {}, /“a” is to be a number, and is “oops” in row 39 \(not counting the header\)/],
  ['text to predict', 'oops', { label: 'a', task: 'number', features: { b: 'keep' } }, /“a” is .* row 39/],
])('a cell that no network can take is told by its row in the file: %s', async (_, cell, patch, words) => {
  const columns: Columns = {
    label: 'answer',
    task: 'classes',
    features: { a: 'standardize', b: 'keep' },
    ...patch,
  }
  await expect(tableProblem(odd(cell), columns, DEFAULTS)).rejects.toThrow(words)
})

test('a choice of columns is asked for only where there is one', async () => {
  const nothing = { label: 'answer', task: 'classes', features: {} } as const
  await expect(tableProblem(odd(1), nothing, DEFAULTS)).rejects.toThrow(
    'No column to predict from is chosen. Choose one or more.',
  )
  const dates: data.Table = {
    columns: ['day', 'answer'],
    rows: Array.from({ length: 40 }, (_, i) => [`${i}.1.2024`, 'ab'[i % 2] ?? '']),
  }
  await expect(tableProblem(dates, nothing, DEFAULTS)).rejects.toThrow(
    'No column of this table can be predicted from: “day” holds dates or times, such as “0.1.2024”.',
  )
})
