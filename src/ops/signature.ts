// How calls of common forms become inputs and attributes: so many tensors, then one options object.
import { fail, show } from '../errors.ts'
import type { Call, Op } from '../op.ts'
import { type Parsed, parseOptions, type Schema } from '../options.ts'
import { Tensor } from '../tensor.ts'

/** A tensor, or a number that stands for a constant of the other operand's dtype. */
export type Operand = Tensor | number

export type Unary = Op<[x: Tensor]>
export type Binary = Op<[a: Operand, b: Operand]>
export type WithOptions<O extends object> = Op<[x: Tensor, options?: O]>

/** Throws `value` unless `x` is a tensor. */
export function checkTensor(where: string, x: unknown, name = 'x'): asserts x is Tensor {
  if (x instanceof Tensor) return
  fail('value', where, `${name} must be a tensor, not ${show(x)}.`, 'Make one with tensor(values).')
}

function checkOperand(where: string, x: unknown, name: string): void {
  if (!(x instanceof Tensor) && typeof x !== 'number') {
    fail(
      'value',
      where,
      `${name} must be a tensor or a number, not ${show(x)}.`,
      'Make a tensor with tensor(values).',
    )
  }
}

/** Parses `(x)`. */
export function oneTensor(where: string): (x: Tensor) => Call<object> {
  return (...args) => {
    refuseExtra(where, args, 1)
    checkTensor(where, args[0])
    return { inputs: [args[0]], attributes: {} }
  }
}

/** Parses `(a, b)`, either of which may be a number. */
export function twoOperands(where: string): (a: Operand, b: Operand) => Call<object> {
  return (...args) => {
    refuseExtra(where, args, 2)
    checkOperand(where, args[0], 'a')
    checkOperand(where, args[1], 'b')
    return { inputs: [args[0], args[1]], attributes: {} }
  }
}

/** Parses `(x, options)` by a schema. */
export function tensorAndOptions<S extends Schema>(
  where: string,
  schema: S,
): (x: Tensor, options?: object) => Call<Parsed<S>> {
  return tensorsAndOptions(where, ['x'], schema)
}

/** Parses tensors of these names, then options by a schema. */
export function tensorsAndOptions<S extends Schema>(
  where: string,
  names: readonly string[],
  schema: S,
): (...args: readonly (Tensor | object | undefined)[]) => Call<Parsed<S>> {
  return (...args) => {
    refuseExtra(where, args, names.length + 1)
    const inputs = names.map((name, i) => {
      const x: unknown = args[i]
      checkTensor(where, x, name)
      return x
    })
    const options = args[names.length]
    const given = options === undefined ? {} : options
    return { inputs, attributes: parseOptions(where, given, schema, inputs[0]?.rank) }
  }
}

/** Throws `option` when a call has more arguments than the function takes. */
export function refuseExtra(where: string, args: readonly unknown[], most: number): void {
  if (args.length > most)
    fail('option', where, `it takes ${most} argument${most === 1 ? '' : 's'}, not ${args.length}.`)
}
