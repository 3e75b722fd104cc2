// Problems of one's own: rows of a table, their columns made numbers by what the training rows say of them.
import { data, parameter, tensor } from 'retrograd'
import { countsOf, taskOf } from './network.ts'
import { type Aim, type Axis, gridRows, joined, type Points, type Problem, sizesOf } from './problem.ts'
import { codingOf, MOST_CLASSES, rowName, wantOf } from './proposal.ts'
import type { Columns, Settings } from './settings.ts'
import { summariesOf } from './table.ts'
import { cut } from './words.ts'

/** Rows of a part that are drawn. */
const DRAWN = 1000

interface Part {
  readonly rows: number[][]
  readonly set: data.Dataset
}

/** Makes the problem of these columns. Throws, in words, where the table does not give it. */
export async function tableProblem(
  table: data.Table,
  columns: Columns,
  settings: Settings,
): Promise<Problem> {
  const { label, task, features } = columns
  const names = Object.keys(features)
  if (names.length === 0) throw new Error(whyNoFeatures(table, label))
  for (const name of names)
    if (!isCategorical(features[name])) checkNumbers(table, name, 'leave the column out')
  if (task === 'number') checkNumbers(table, label, 'predict it as classes')
  const whole = data.dropGaps(table, [...names, label])
  const tables = splitTable(whole, settings)
  if (tables.train.rows.length < 2 || tables.test.rows.length < 1)
    throw new Error(
      `${whole.rows.length} of ${table.rows.length} rows have no gap in the chosen columns: too few to train and to test. Leave out columns with gaps.`,
    )
  const classes = task === 'classes' ? classesOf(whole, label) : null
  for (const name of names) if (isCategorical(features[name])) checkKnown(tables, name)
  const encoder = data.encoder(tables.train, features)
  const target = classes ? null : data.encoder(tables.train, { [label]: 'standardize' })
  const partOf = (part: data.Table): Part => {
    const rows = encoder.apply(part)
    const set = classes
      ? data.dataset(rows, data.column(part, label).map(String), { classes })
      : data.dataset(rows, target?.apply(part) ?? [])
    return { rows, set }
  }
  const train = partOf(tables.train)
  const validation = tables.validation ? partOf(tables.validation) : null
  const test = partOf(tables.test)
  const parts = { train: train.set, validation: validation?.set ?? null, test: test.set }

  const means = encoder.names.map(
    (_, column) => train.rows.reduce((sum, row) => sum + (row[column] ?? 0), 0) / train.rows.length,
  )
  const axisOf = (column: number): Axis => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const { [column]: value = 0 } of train.rows)
      [low, high] = [Math.min(low, value), Math.max(high, value)]
    const margin = (high - low || 1) * 0.08
    return { name: encoder.names[column] ?? '', low: low - margin, high: high + margin }
  }
  const lookAlong = async (map: Settings['map']): Promise<Aim & { places: readonly [number, number] }> => {
    const [first, second] = usualAxes(encoder.toJSON())
    const placeOf = (name: string | undefined, other: number) => {
      const place = encoder.names.indexOf(name ?? '')
      return place < 0 ? other : place
    }
    const places = [placeOf(map?.[0], first), placeOf(map?.[1], second)] as const
    const pointsOf = async (part: Part | null): Promise<Points> => {
      if (!part) return { x: [], y: [], label: [] }
      const few = part.rows.slice(0, DRAWN)
      const labels = classes ? part.set.labelIds() : await part.set.labels.data()
      return {
        x: few.map(row => row[places[0]] ?? 0),
        y: few.map(row => row[places[1]] ?? 0),
        label: few.map((_, i) => labels[i] ?? 0),
      }
    }
    return {
      places,
      axes: [axisOf(places[0]), axisOf(places[1])],
      train: await pointsOf(train),
      unseen: joined(await pointsOf(validation), await pointsOf(test)),
    }
  }
  const gridOf = ({ axes, places }: Awaited<ReturnType<typeof lookAlong>>) =>
    tensor(gridRows(axes, means, places))

  const first = await lookAlong(settings.map)
  const grid = parameter(gridOf(first))
  const dropped = table.rows.length - whole.rows.length
  const rows = sizesOf(parts)
  return {
    ...parts,
    view: {
      ...first,
      task: taskOf(classes),
      inputs: encoder.names,
      rows,
      target: scaleOf(target),
      story: [
        dropped > 0
          ? `${dropped} of ${table.rows.length} rows have a gap in a chosen column and were left out.`
          : `All ${table.rows.length} rows are used.`,
        `Trained on ${rows.train} rows, ${rows.validation > 0 ? `judged on ${rows.validation} on the way, ` : ''}tested on ${rows.test}.`,
        ...encoder.toJSON().columns.map(wordsOf),
        ...(target ? target.toJSON().columns.map(wordsOf) : []),
      ],
    },
    grid,
    aim: async map => {
      const next = await lookAlong(map)
      grid.assign(gridOf(next))
      return next
    },
    dispose: () => {
      for (const set of Object.values(parts)) set?.dispose()
      grid.dispose()
    },
  }
}

const isCategorical = (coding: data.Coding | undefined): boolean => coding === 'oneHot' || coding === 'binary'

function whyNoFeatures(table: data.Table, label: string): string {
  const others = summariesOf(table).filter(({ name }) => name !== label)
  if (others.some(codingOf)) return 'No column to predict from is chosen. Choose one or more.'
  const [first] = others
  const want = first && wantOf(first)
  return `No column of this table can be predicted from: “${first?.name}” holds ${want?.holds}. ${want?.remedy}`.trim()
}

/** The largest number of float32. */
const MOST = 3.4028234663852886e38

/** The library tells such cells by their rows in a part of the table. */
function checkNumbers({ columns, rows }: data.Table, name: string, remedy: string): void {
  const place = columns.indexOf(name)
  for (const [row, { [place]: cell = null }] of rows.entries()) {
    if (typeof cell === 'string')
      throw new Error(
        `“${name}” is to be a number, and is “${cut(cell, 24)}” in ${rowName(row)}. Mend the file, or ${remedy}.`,
      )
    if (cell !== null && Math.abs(cell) > MOST)
      throw new Error(
        `“${name}” is ${cell} in ${rowName(row)}: beyond 3.4e38, the largest number that networks are computed with here. Mend the file, or ${remedy}.`,
      )
  }
}

/** In an order by the seed, the first rows are trained on; the last of these are held out where settings judge on the way. */
function splitTable(whole: data.Table, settings: Settings) {
  const order = data.shuffledRows(whole.rows.length, settings.seed)
  const { learnt, held } = countsOf(whole.rows.length, settings)
  const part = (rows: Int32Array): data.Table => ({
    columns: whole.columns,
    rows: Array.from(rows, row => whole.rows[row] ?? []),
  })
  return {
    train: part(order.subarray(0, learnt - held)),
    validation: held > 0 ? part(order.subarray(learnt - held, learnt)) : null,
    test: part(order.subarray(learnt)),
  }
}

/** A network cannot know a value that no row to train on has. */
function checkKnown({ train, validation, test }: ReturnType<typeof splitTable>, name: string): void {
  const known = new Set(data.column(train, name))
  const others = [validation, test].flatMap(part => (part ? data.column(part, name) : []))
  const odd = others.find(value => !known.has(value))
  if (odd !== undefined)
    throw new Error(
      `“${name}” is “${odd}” in a row that is not trained on, but in none that is. Leave the column out, train on more of the rows, or try another seed.`,
    )
}

function classesOf(table: data.Table, label: string): string[] {
  const classes = [...new Set(data.column(table, label))].map(String).sort()
  if (classes.length < 2 || classes.length > MOST_CLASSES)
    throw new Error(
      `“${label}” has ${classes.length} different value${classes.length === 1 ? '' : 's'}; classes are 2 to ${MOST_CLASSES}. Choose another column, or predict it as a number.`,
    )
  return classes
}

/** What 0 and 1 of a standardised number stand for. */
function scaleOf(target: data.Encoder | null): { mean: number; deviation: number } {
  const [column] = target?.toJSON().columns ?? []
  if (column?.kind !== 'standardize') return { mean: 0, deviation: 1 }
  return { mean: column.mean[0] ?? 0, deviation: column.deviation[0] ?? 1 }
}

/** The two inputs that maps are drawn over at first: numbers before categories. */
function usualAxes({ columns }: data.EncoderJson): [number, number] {
  const scaled: number[] = []
  const others: number[] = []
  let place = 0
  for (const column of columns) {
    const count = column.kind === 'oneHot' ? column.categories.length : 1
    const list = column.kind === 'oneHot' || column.kind === 'binary' ? others : scaled
    for (let i = 0; i < count; i++) list.push(place + i)
    place += count
  }
  const [first = 0, second = first] = [...scaled, ...others]
  return [first, second]
}

const short = (value: unknown): string => String(Number(Number(value).toPrecision(4)))

const minus = (value: unknown): string =>
  Number(value) < 0 ? `+ ${short(-Number(value))}` : `− ${short(value)}`

/** What an encoder does to a column. */
function wordsOf(column: data.ColumnJson): string {
  switch (column.kind) {
    case 'oneHot':
      return `${column.name} → one input for each of ${column.categories.join(', ')}.`
    case 'binary':
      return `${column.name} → 0 for ${column.categories[0]}, 1 for ${column.categories[1]}.`
    case 'keep':
      return `${column.name} → as it is.`
    case 'standardize':
      return `${column.name} → (value ${minus(column.mean[0])}) / ${short(column.deviation[0])}: mean 0, deviation 1.`
    case 'minMax':
      return `${column.name} → ${short(column.minimum[0])} to ${short(column.maximum[0])} becomes 0 to 1.`
  }
}
