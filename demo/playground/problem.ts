// What the network is to learn: points made by a formula, or rows of a table, split and on the engine, and a grid to look at it.
import { concat, data, mul, sin, slice, square, sub, type Tensor, tensor } from 'retrograd'
import { generatorOf, type Task, taskOf } from './network.ts'
import { regression } from './regression.ts'
import type { Columns, Feature, Settings } from './settings.ts'

/** Points of a side of the grid that heat maps are computed on. */
export const GRID = 50

/** A row as it is drawn on the map. */
export interface Points {
  readonly x: readonly number[]
  readonly y: readonly number[]
  /** The class, or the number to predict. */
  readonly label: readonly number[]
}

export interface Axis {
  readonly name: string
  readonly low: number
  readonly high: number
}

/** What the page shows of a problem. */
export interface ProblemView {
  readonly task: Task
  readonly inputs: readonly string[]
  readonly axes: readonly [Axis, Axis]
  readonly trainRows: number
  readonly train: Points
  readonly test: Points
  /** What became of the data, in words. */
  readonly story: readonly string[]
}

export interface Problem {
  readonly view: ProblemView
  readonly train: data.Dataset
  readonly test: data.Dataset
  /** [GRID², inputs], row by row from the top left: the largest y first. */
  readonly grid: Tensor
  dispose(): void
}

const REACH = 1.2

/** Makes the problem that settings ask for. Throws, in words, where the table does not give it. */
export async function makeProblem(settings: Settings, table: data.Table | null): Promise<Problem> {
  return settings.data === 'own' && settings.columns && table
    ? ofTable(table, settings.columns, settings)
    : ofPlane(settings)
}

/** The chosen features [rows, features] of points x [rows, 2]. */
function featuresOf(x: Tensor, chosen: readonly Feature[]): Tensor {
  const rows = x.shape[0] ?? 0
  const x1 = slice(x, { start: [0, 0], end: [rows, 1] })
  const x2 = slice(x, { start: [0, 1], end: [rows, 2] })
  const made: Readonly<Record<Feature, () => Tensor>> = {
    x1: () => x1,
    x2: () => x2,
    'x1²': () => square(x1),
    'x2²': () => square(x2),
    x1x2: () => mul(x1, x2),
    'sin x1': () => sin(mul(x1, Math.PI)),
    'sin x2': () => sin(mul(x2, Math.PI)),
  }
  return concat(
    chosen.map(name => made[name]()),
    { axis: 1 },
  )
}

async function ofPlane(settings: Settings): Promise<Problem> {
  const { data: name, count, noise, seed, features, trainShare, classes } = settings
  const isRegression = name === 'plane' || name === 'hills'
  const points = isRegression ? regressionSet(name, count, noise / 250, seed) : madePoints(settings)
  const raw = await points.features.data()
  const targets = isRegression ? await points.labels.data() : points.labelIds()
  const whole = points.withFeatures(x => featuresOf(x, features))
  const share = trainShare / 100
  const { train, test } = data.split(whole, { train: share, test: 1 - share }, { seed })
  const place = (set: data.Dataset): Points => ({
    x: Array.from(set.rows, row => raw[2 * row] ?? 0),
    y: Array.from(set.rows, row => raw[2 * row + 1] ?? 0),
    label: Array.from(set.rows, row => targets[row] ?? 0),
  })
  const axis = (name: string): Axis => ({ name, low: -REACH, high: REACH })
  const axes = [axis('x₁'), axis('x₂')] as const
  const corners = tensor(gridRows(axes, [0, 0], [0, 1]))
  const grid = featuresOf(corners, features)
  const names = Array.from({ length: name === 'spiral' ? classes : 2 }, (_, i) => `class ${i + 1}`)
  const view: ProblemView = {
    task: taskOf(isRegression ? null : names),
    inputs: features,
    axes,
    trainRows: train.size,
    train: place(train),
    test: place(test),
    story: [],
  }
  points.dispose()
  return {
    view,
    train,
    test,
    grid,
    dispose: () => {
      whole.dispose()
      grid.dispose()
    },
  }
}

function madePoints(settings: Settings): data.Dataset {
  const { name, options, centre, scale } = generatorOf(settings)
  const points = data[name](settings.count, options)
  if (centre === 0 && scale === 1) return points
  const moved = points.withFeatures(x => mul(sub(x, centre), scale))
  points.dispose()
  return moved
}

function regressionSet(kind: 'plane' | 'hills', count: number, noise: number, seed: number): data.Dataset {
  const { rows, targets } = regression(kind, count, noise, seed)
  return data.dataset(rows, targets)
}

/** Rows of a grid over two columns; the others stay at `base`. */
function gridRows(
  [across, up]: readonly [Axis, Axis],
  base: readonly number[],
  [first, second]: readonly [number, number],
): number[][] {
  return Array.from({ length: GRID * GRID }, (_, i) => {
    const row = [...base]
    row[first] = across.low + ((across.high - across.low) * ((i % GRID) + 0.5)) / GRID
    if (second !== first) row[second] = up.high - ((up.high - up.low) * (Math.floor(i / GRID) + 0.5)) / GRID
    return row
  })
}

/** Rows without a gap in the columns used; the first share of them, in an order by the seed, is trained on. */
function splitTable(table: data.Table, used: readonly string[], { trainShare, seed }: Settings) {
  const whole = data.dropGaps(table, used)
  const order = data.shuffledRows(whole.rows.length, seed)
  const count = Math.round((whole.rows.length * trainShare) / 100)
  const part = (rows: Int32Array): data.Table => ({
    columns: whole.columns,
    rows: Array.from(rows, row => whole.rows[row] ?? []),
  })
  return { whole, train: part(order.subarray(0, count)), test: part(order.subarray(count)) }
}

async function ofTable(table: data.Table, columns: Columns, settings: Settings): Promise<Problem> {
  const { label, task, features } = columns
  const names = Object.keys(features)
  if (names.length === 0) throw new Error('No column to predict from is chosen. Choose one or more.')
  const parts = splitTable(table, [...names, label], settings)
  const { whole } = parts
  if (parts.train.rows.length < 2 || parts.test.rows.length < 1)
    throw new Error(
      `${whole.rows.length} of ${table.rows.length} rows have no gap in the chosen columns: too few to train and to test. Leave out columns with gaps.`,
    )
  const encoder = data.encoder(parts.train, features)
  const isClasses = task === 'classes'
  const classes = isClasses ? [...new Set(data.column(whole, label))].map(String).sort() : null
  if (classes && (classes.length < 2 || classes.length > 10))
    throw new Error(
      `“${label}” has ${classes.length} different value${classes.length === 1 ? '' : 's'}; classes are 2 to 10. Choose another column, or predict it as a number.`,
    )
  const target = isClasses ? null : data.encoder(parts.train, { [label]: 'standardize' })
  const setOf = (part: data.Table) => {
    const rows = encoder.apply(part)
    const set = classes
      ? data.dataset(rows, data.column(part, label).map(String), { classes })
      : data.dataset(rows, target?.apply(part) ?? [])
    return { rows, set }
  }
  const train = setOf(parts.train)
  const test = setOf(parts.test)
  const base = encoder.names.map(
    (_, column) => train.rows.reduce((sum, row) => sum + (row[column] ?? 0), 0) / train.rows.length,
  )
  const [first, second] = shownColumns(encoder.toJSON())
  const axisOf = (column: number): Axis => {
    const values = train.rows.map(row => row[column] ?? 0)
    const [low, high] = values.reduce(
      ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    )
    const margin = (high - low || 1) * 0.08
    return { name: encoder.names[column] ?? '', low: low - margin, high: high + margin }
  }
  const axes = [axisOf(first), axisOf(second)] as const
  const place = async ({ rows, set }: { rows: number[][]; set: data.Dataset }): Promise<Points> => {
    const few = rows.slice(0, 1000)
    const labels = classes ? set.labelIds() : await set.labels.data()
    return {
      x: few.map(row => row[first] ?? 0),
      y: few.map(row => row[second] ?? 0),
      label: few.map((_, i) => labels[i] ?? 0),
    }
  }
  const dropped = table.rows.length - whole.rows.length
  const grid = tensor(gridRows(axes, base, [first, second]))
  return {
    view: {
      task: taskOf(classes),
      inputs: encoder.names,
      axes,
      trainRows: train.set.size,
      train: await place(train),
      test: await place(test),
      story: [
        dropped > 0
          ? `${dropped} of ${table.rows.length} rows have a gap in a chosen column and were left out.`
          : `All ${table.rows.length} rows are used.`,
        `Trained on ${train.set.size} rows, tested on ${test.set.size}.`,
        ...encoder.toJSON().columns.map(wordsOf),
        ...(target ? target.toJSON().columns.map(wordsOf) : []),
      ],
    },
    train: train.set,
    test: test.set,
    grid,
    dispose: () => {
      train.set.dispose()
      test.set.dispose()
      grid.dispose()
    },
  }
}

/** The two inputs that maps are drawn over: numbers before categories. */
function shownColumns({ columns }: data.EncoderJson): [number, number] {
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
      return `${column.name} → (value − ${short(column.mean[0])}) / ${short(column.deviation[0])}: mean 0, deviation 1.`
    case 'minMax':
      return `${column.name} → ${short(column.minimum[0])} to ${short(column.maximum[0])} becomes 0 to 1.`
  }
}
