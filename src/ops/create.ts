// Creators: tensors from numbers, and tensors filled by a rule.
import { type DType, isFloat } from '../dtype.ts'
import { currentEngine, type Engine } from '../engine.ts'
import { fail, show } from '../errors.ts'
import { checkDType, checkOptions } from '../options.ts'
import { checkShape, type Shape, sizeOf } from '../shape.ts'
import { Tensor } from '../tensor.ts'
import { broadcastTo } from './reshape.ts'

/** Where and as what a creator makes its tensor: on the current engine, as float32, unless told. */
export interface CreateOptions {
  dtype?: DType
  engine?: Engine
}

/** Numbers in any form: one, a flat or nested array, or a typed array. */
export type TensorLike = number | boolean | readonly TensorLike[] | ArrayBufferView<ArrayBufferLike>

/** The engine and dtype a creator's options name. Throws `option` for unknown ones. */
export function creation(
  where: string,
  options: CreateOptions,
  fallback: DType = 'float32',
  more: readonly string[] = [],
): { engine: Engine; dtype: DType } {
  checkOptions(where, options, ['dtype', 'engine', ...more])
  const dtype = options.dtype === undefined ? fallback : checkDType(where, options.dtype)
  const engine = options.engine ?? currentEngine(where)
  engine.assertAlive(where)
  return { engine, dtype }
}

/**
 * A tensor of the numbers given. The shape is that of the nesting, or the one in the options; the dtype is float32, or
 * that of an integer typed array (bool for booleans), or the one in the options. Throws `shape` for ragged nesting and
 * for a shape that does not fit, `dtype` for numbers an integer dtype cannot hold.
 */
export function tensor(values: TensorLike, options: CreateOptions & { shape?: Shape } = {}): Tensor {
  const { engine, dtype } = creation('tensor', options, natural(values), ['shape'])
  const { flat, shape: nested } = flatten(values)
  const shape = options.shape === undefined ? nested : checkShape('tensor', options.shape)
  if (sizeOf(shape) !== flat.length) {
    fail(
      'shape',
      'tensor',
      `${flat.length} numbers do not fit shape ${show(shape)}, which holds ${sizeOf(shape)}.`,
      'Check the shape.',
    )
  }
  checkNumbers(flat, dtype)
  return new Tensor(engine.upload('tensor', flat, { shape, dtype }))
}

function natural(values: TensorLike): DType {
  if (values instanceof Int32Array || values instanceof Int16Array || values instanceof Int8Array)
    return 'int32'
  if (values instanceof Uint32Array || values instanceof Uint16Array || values instanceof Uint8Array)
    return 'uint32'
  let first: unknown = values
  while (Array.isArray(first)) first = first[0]
  return typeof first === 'boolean' ? 'bool' : 'float32'
}

type NumberArray = ArrayLike<number>

function flatten(values: unknown): { flat: NumberArray; shape: number[] } {
  if (ArrayBuffer.isView(values)) {
    if (values instanceof DataView || values instanceof BigInt64Array || values instanceof BigUint64Array) {
      fail('value', 'tensor', `a ${show(values)} holds no plain numbers.`, 'Pass a typed array of numbers.')
    }
    const typed = values as unknown as NumberArray
    return { flat: typed, shape: [typed.length] }
  }
  const shape: number[] = []
  for (let level = values; Array.isArray(level); level = level[0]) shape.push(level.length)
  const flat: number[] = []
  const collect = (item: unknown, depth: number, path: number[]): void => {
    if (Array.isArray(item)) {
      if (item.length !== shape[depth]) {
        const found = depth >= shape.length ? 'a list' : `${item.length} items`
        fail(
          'shape',
          'tensor',
          `the nesting is ragged: ${found} at ${show(path)}, where ${shape[depth] ?? 'a number'} is expected.`,
          'Make every row as long as the first.',
        )
      }
      for (const [i, child] of item.entries()) collect(child, depth + 1, [...path, i])
      return
    }
    if (typeof item !== 'number' && typeof item !== 'boolean') {
      fail(
        'value',
        'tensor',
        `${show(item)} at ${show(path)} is not a number.`,
        'Pass numbers, nested arrays or a typed array.',
      )
    }
    if (depth !== shape.length)
      fail(
        'shape',
        'tensor',
        `the nesting is ragged: a number at ${show(path)}, where a list is expected.`,
        'Make every row as deep as the first.',
      )
    flat.push(Number(item))
  }
  collect(values, 0, [])
  return { flat, shape }
}

function checkNumbers(values: NumberArray, dtype: DType): void {
  if (isFloat(dtype) || dtype === 'bool') return
  const [low, high] = dtype === 'int32' ? [-2147483648, 2147483647] : [0, 4294967295]
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (!Number.isInteger(value) || value < low || value > high) {
      fail(
        'dtype',
        'tensor',
        `${value} at position ${i} is no ${dtype}.`,
        `It must be a whole number in [${low}, ${high}].`,
      )
    }
  }
}

/** A tensor with every element the same number. */
export function full(shape: Shape, value: number, options: CreateOptions = {}): Tensor {
  return filled('full', shape, value, options)
}

/** A tensor of zeros. */
export function zeros(shape: Shape, options: CreateOptions = {}): Tensor {
  return filled('zeros', shape, 0, options)
}

/** A tensor of ones. */
export function ones(shape: Shape, options: CreateOptions = {}): Tensor {
  return filled('ones', shape, 1, options)
}

function filled(where: string, shape: Shape, value: number, options: CreateOptions): Tensor {
  const { engine, dtype } = creation(where, options)
  if (typeof value !== 'number') fail('value', where, `value must be a number, not ${show(value)}.`)
  const target = checkShape(where, shape)
  const constant = new Tensor(engine.constant(where, value, dtype))
  if (target.length === 0) return constant
  const result = broadcastTo(constant, target)
  constant.dispose()
  return result
}

/** 0, 1, …, n − 1. */
export function arange(n: number, options: CreateOptions = {}): Tensor {
  return generated('arange', n, i => i, options)
}

/** `n` numbers evenly spaced from `start` to `stop`, both included. */
export function linspace(start: number, stop: number, n: number, options: CreateOptions = {}): Tensor {
  for (const end of [start, stop])
    if (!Number.isFinite(end)) fail('value', 'linspace', `the ends must be finite numbers, not ${show(end)}.`)
  // The last is `stop` itself, whatever rounding does on the way.
  return generated(
    'linspace',
    n,
    i => (i === n - 1 && n > 1 ? stop : start + (i * (stop - start)) / Math.max(n - 1, 1)),
    options,
  )
}

/** The n × n identity matrix. */
export function eye(n: number, options: CreateOptions = {}): Tensor {
  const { engine, dtype } = creation('eye', options)
  const shape = checkShape('eye', [n, n])
  const values = new Float32Array(n * n)
  for (let i = 0; i < n; i++) values[i * n + i] = 1
  return new Tensor(engine.upload('eye', values, { shape, dtype }))
}

function generated(where: string, n: number, rule: (i: number) => number, options: CreateOptions): Tensor {
  const { engine, dtype } = creation(where, options)
  const shape = checkShape(where, [n])
  return new Tensor(
    engine.upload(
      where,
      Float64Array.from({ length: n }, (_, i) => rule(i)),
      { shape, dtype },
    ),
  )
}
