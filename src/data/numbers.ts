// Numbers from the host: read into one flat array, checked one by one, and uploaded.
import { Engine } from '../engine.ts'
import { fail, show } from '../errors.ts'
import { at, checkShape, type Shape, sizeOf } from '../shape.ts'
import { currentScope, refuseRecording } from '../tape.ts'
import { Tensor } from '../tensor.ts'

/** A row of numbers, or of what should be numbers. */
export type Row = ArrayLike<number>

/** Numbers row by row: a list of rows, a list of numbers (one column), or flat values with their shape. */
export type Numbers =
  | ArrayLike<number>
  | readonly Row[]
  | { readonly values: ArrayLike<number>; readonly shape: Shape }

/** Numbers checked and flat, in a shape of rank 2 or more. */
export interface FlatNumbers<A = Float32Array> {
  readonly values: A
  readonly shape: Shape
}

/** Anything with a length and places: an array or a typed array, but no text. */
export const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)

/**
 * The numbers as float32 (or float64), a list of them as one column. Throws `shape` where there are none or a row is longer than
 * another, `value` for text, gaps, NaN and infinity.
 */
export function readNumbers(where: string, what: string, source: unknown): FlatNumbers
export function readNumbers(
  where: string,
  what: string,
  source: unknown,
  kind: typeof Float64Array,
): FlatNumbers<Float64Array>
export function readNumbers(
  where: string,
  what: string,
  source: unknown,
  kind: typeof Float32Array | typeof Float64Array = Float32Array,
): FlatNumbers<Float32Array | Float64Array> {
  const { list, shape } = layOut(where, what, source)
  const rows = at(shape, 0)
  const width = sizeOf(shape.slice(1))
  if (rows === 0) fail('shape', where, `${what} have no rows.`, 'Give one row or more.')
  if (width === 0) fail('shape', where, `${what} have no columns.`, 'Give one column or more.')
  const values = new kind(rows * width)
  const nested = isList(list[0])
  for (let row = 0; row < rows; row++) {
    const from = nested ? (list[row] as ArrayLike<unknown>) : list
    if (nested && !isList(from)) fail('value', where, `${what}: row ${row} is ${show(from)}, no list.`)
    if (nested && from.length !== width)
      fail('shape', where, `${what}: row ${row} has ${from.length} numbers, row 0 has ${width}.`)
    for (let column = 0; column < width; column++) {
      const value = from[nested ? column : row * width + column]
      if (typeof value !== 'number' || !Number.isFinite(Math.fround(value)))
        notNumber(where, what, value, row, column)
      values[row * width + column] = value
    }
  }
  return { values, shape }
}

/** Tells the place of what is no finite number. */
export function notNumber(
  where: string,
  what: string,
  value: unknown,
  row: number,
  column: number | string,
): never {
  const fault = typeof value === 'number' ? 'not finite in float32' : 'no number'
  return fail(
    'value',
    where,
    `${what}: ${show(value)} at row ${row}, column ${show(column)} (counted from 0) is ${fault}.`,
    'Mend it, or leave the row out.',
  )
}

function layOut(where: string, what: string, source: unknown): { list: ArrayLike<unknown>; shape: Shape } {
  if (isList(source)) {
    const width = isList(source[0]) ? source[0].length : 1
    return { list: source, shape: [source.length, width] }
  }
  const { values, shape } = (source ?? {}) as { values?: unknown; shape?: unknown }
  if (!isList(values) || isList(values[0]))
    fail('value', where, `${what} are ${show(source)}.`, 'Pass rows of numbers or { values, shape }.')
  const checked = checkShape(where, shape)
  if (sizeOf(checked) !== values.length || checked.length < 2)
    fail(
      'shape',
      where,
      `${what}: ${values.length} numbers do not fit shape ${show(checked)}.`,
      'Write [rows, columns].',
    )
  return { list: values, shape: checked }
}

/** Uploads numbers to a tensor that no scope disposes. */
export function upload(where: string, engine: Engine, numbers: FlatNumbers | Int32Array): Tensor {
  refuseRecording(where, 'a data set')
  const isIds = numbers instanceof Int32Array
  const spec = isIds
    ? { shape: [numbers.length], dtype: 'int32' as const }
    : { shape: numbers.shape, dtype: 'float32' as const }
  return unscoped(new Tensor(engine.upload(where, isIds ? numbers : numbers.values, spec)))
}

/** Takes a tensor out of the scope it was made in. */
export function unscoped(tensor: Tensor): Tensor {
  currentScope()?.delete(tensor)
  return tensor
}

/** An option that names an engine, and need not. */
export function engineOption(value: unknown, { where }: { readonly where: string }): Engine | undefined {
  if (value === undefined || value instanceof Engine) return value
  return fail('option', where, `engine is ${show(value)}.`, 'Pass what init() gave.')
}
