// Scaling of columns: to mean 0 and deviation 1, or to a range, by numbers taken from training data.
import { roundTo } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { hostVector } from '../host.ts'
import { needs } from '../op.ts'
import { add, div, mul, sub } from '../ops/binary.ts'
import { tensor } from '../ops/create.ts'
import { gather } from '../ops/gather.ts'
import { number, parseOptions } from '../options.ts'
import { at } from '../shape.ts'
import { keepResult, Tensor } from '../tensor.ts'
import { Dataset } from './dataset.ts'
import { type FlatNumbers, type Numbers, readNumbers } from './numbers.ts'

/** What a scaling is saved as. */
export type ScalingJson =
  | { readonly kind: 'standardize'; readonly mean: readonly number[]; readonly deviation: readonly number[] }
  | {
      readonly kind: 'minMax'
      readonly minimum: readonly number[]
      readonly maximum: readonly number[]
      readonly low: number
      readonly high: number
    }

/** A fitted scaling of columns: (x − offset)·scale + base. Made by `standardize` and `minMax`. */
export class Scaling {
  private readonly json: ScalingJson
  private readonly offset: readonly number[]
  private readonly scale: readonly number[]
  private readonly base: number

  /** Internal: made by `standardize`, `minMax` and `transformFromJSON`. */
  constructor(json: ScalingJson) {
    this.json = json
    if (json.kind === 'standardize') {
      this.offset = json.mean
      this.scale = json.deviation.map(deviation => 1 / (deviation || 1))
      this.base = 0
    } else {
      const { minimum, maximum, low, high } = json
      this.offset = minimum
      this.scale = minimum.map((least, i) => (high - low) / (at(maximum, i) - least || 1))
      this.base = low
    }
  }

  get kind(): ScalingJson['kind'] {
    return this.json.kind
  }

  /** Columns it takes. */
  get inputs(): number {
    return this.offset.length
  }

  /** Columns it gives: as many. */
  get outputs(): number {
    return this.inputs
  }

  /**
   * The numbers scaled, as what they are: a tensor [rows, columns] on its engine, a set with features of its own, or rows.
   * Throws `shape` for another count of columns.
   */
  apply(x: Tensor): Tensor
  apply(x: Dataset): Dataset
  apply(x: Numbers): number[][]
  apply(x: Tensor | Dataset | Numbers): Tensor | Dataset | number[][]
  apply(x: Tensor | Dataset | Numbers): Tensor | Dataset | number[][] {
    return this.run('apply', x, {
      host: (value, column) => this.forward(value, column),
      device: (tensor, [most, rest], scale) => {
        const scaled = mul(sub(sub(tensor, most), rest), scale)
        return this.base === 0 ? scaled : add(scaled, this.base)
      },
    })
  }

  /** The numbers that `apply` made these of, within rounding. */
  invert(x: Tensor): Tensor
  invert(x: Dataset): Dataset
  invert(x: Numbers): number[][]
  invert(x: Tensor | Dataset | Numbers): Tensor | Dataset | number[][] {
    return this.run('invert', x, {
      host: (value, column) => this.backward(value, column),
      device: (tensor, [most, rest], scale) => add(add(div(sub(tensor, this.base), scale), rest), most),
    })
  }

  /** One number of a column, scaled. Internal. */
  forward(value: number, column: number): number {
    return (value - at(this.offset, column)) * at(this.scale, column) + this.base
  }

  /** The number that `forward` made this one of. Internal. */
  backward(value: number, column: number): number {
    return (value - this.base) / at(this.scale, column) + at(this.offset, column)
  }

  /** What `transformFromJSON` makes this transform of again. */
  toJSON(): ScalingJson {
    return this.json
  }

  private run(
    what: string,
    x: Tensor | Dataset | Numbers,
    rule: {
      host(value: number, column: number): number
      device(x: Tensor, offset: readonly [most: Tensor, rest: Tensor], scale: Tensor): Tensor
    },
  ): Tensor | Dataset | number[][] {
    const where = `${this.kind}.${what}`
    if (x instanceof Dataset) return x.withFeatures(features => this.run(what, features, rule) as Tensor)
    if (x instanceof Tensor) {
      this.checkWidth(where, x.shape)
      needs(where, x, ['float32', 'float16'])
      const { engine, dtype } = x
      const vector = (values: readonly number[]) =>
        hostVector(() => values, { length: values.length, dtype, engine })
      // An offset that is large beside the deviation, such as a year, must not lose its last digits: it comes in two parts.
      const most = this.offset.map(value => roundTo(dtype, value))
      const rest = this.offset.map((value, column) => value - at(most, column))
      return keepResult(() => rule.device(x, [vector(most), vector(rest)], vector(this.scale)))
    }
    const { values, shape } = readNumbers(where, 'x', x, Float64Array)
    this.checkWidth(where, shape)
    const columns = this.inputs
    return Array.from({ length: at(shape, 0) }, (_, row) =>
      Array.from({ length: columns }, (_, column) => rule.host(at(values, row * columns + column), column)),
    )
  }

  private checkWidth(where: string, shape: readonly number[]): void {
    if (shape.length === 2 && shape[1] === this.inputs) return
    fail(
      'shape',
      where,
      `x is ${show(shape)}; it was fitted on ${this.inputs} columns.`,
      'Pass [rows, columns].',
    )
  }
}

/** What a scaling is fitted on: training data. */
export type Fittable = Numbers | Tensor | Dataset

/**
 * Fits a scaling of each column to mean 0 and deviation 1 (√ of the mean square, as of a whole population). A constant
 * column has deviation 1 and so becomes 0. Numbers of the host give the transform at once; those of a tensor or of a
 * set (its features, of its own rows) are read first, and a promise is given. Fit on training data only.
 * Throws as `dataset` does for numbers that are none.
 */
export function standardize(x: Numbers): Scaling
export function standardize(x: Tensor | Dataset): Promise<Scaling>
export function standardize(x: Fittable): Scaling | Promise<Scaling> {
  return fitted('standardize', x, numbers => {
    const columns = columnsOf(numbers)
    // The mean of equal numbers may round to another.
    const mean = columns.map(({ least, most, sum, count }) => (least === most ? least : sum / count))
    const square = new Float64Array(mean.length)
    const { values } = numbers
    for (let i = 0; i < values.length; i++) {
      const column = i % mean.length
      square[column] = at(square, column) + (at(values, i) - at(mean, column)) ** 2
    }
    const deviation = columns.map(({ least, most, count }, i) =>
      least === most ? 1 : Math.sqrt(at(square, i) / count),
    )
    return new Scaling({ kind: 'standardize', mean, deviation })
  })
}

/** The range that `minMax` maps to. */
export interface MinMaxOptions {
  /** Default 0. */
  low?: number
  /** Default 1. */
  high?: number
}

/**
 * Fits a scaling of each column from its least and greatest number to [low, high]. A constant column becomes `low`; new
 * numbers beyond those seen go beyond the range. What it is fitted on, and when it comes, is as for `standardize`.
 */
export function minMax(x: Numbers, options?: MinMaxOptions): Scaling
export function minMax(x: Tensor | Dataset, options?: MinMaxOptions): Promise<Scaling>
export function minMax(x: Fittable, options: MinMaxOptions = {}): Scaling | Promise<Scaling> {
  const { low, high } = rangeOption('minMax', options)
  return fitted('minMax', x, numbers => {
    const columns = columnsOf(numbers)
    const [minimum, maximum] = [columns.map(({ least }) => least), columns.map(({ most }) => most)]
    return new Scaling({ kind: 'minMax', minimum, maximum, low, high })
  })
}

/** Reads { low, high }. Throws `option` unless low is below high and both are finite. */
export function rangeOption(where: string, options: object): { low: number; high: number } {
  const range = parseOptions(where, options, { low: number(0), high: number(1) })
  if (range.low < range.high && Number.isFinite(range.high - range.low)) return range
  return fail('option', where, `low is ${range.low}, high is ${range.high}.`, 'low must be below high.')
}

function fitted(
  where: string,
  x: Fittable,
  make: (numbers: FlatNumbers<Float64Array>) => Scaling,
): Scaling | Promise<Scaling> {
  const read = (source: unknown): Scaling => {
    const numbers = readNumbers(where, 'x', source, Float64Array)
    if (numbers.shape.length === 2) return make(numbers)
    return fail('shape', where, `x is ${show(numbers.shape)}.`, 'Pass [rows, columns].')
  }
  if (x instanceof Tensor) return x.data().then(values => read({ values, shape: x.shape }))
  if (!(x instanceof Dataset)) return read(x)
  const rows = keepResult(() => gather(x.features, tensor(x.rows, { engine: x.engine })))
  const { shape } = rows
  return rows
    .data()
    .finally(() => rows.dispose())
    .then(values => read({ values, shape }))
}

interface Column {
  least: number
  most: number
  sum: number
  count: number
}

function columnsOf({ values, shape }: FlatNumbers<Float64Array>): Column[] {
  const columns = Array.from(
    { length: at(shape, 1) },
    (): Column => ({ least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY, sum: 0, count: 0 }),
  )
  for (let i = 0; i < values.length; i++) {
    const column = columns[i % columns.length] as Column
    const value = at(values, i)
    column.least = Math.min(column.least, value)
    column.most = Math.max(column.most, value)
    column.sum += value
    column.count++
  }
  return columns
}
