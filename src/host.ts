// Host numbers: small tensors whose numbers the host knows, asked for anew at each replay of a plan.
import type { DType } from './dtype.ts'
import type { Engine } from './engine.ts'
import { currentEngine } from './engine.ts'
import { fail, show } from './errors.ts'
import { checkDType, checkOptions, integer } from './options.ts'
import { currentRecording, rangeOf, Value } from './tape.ts'
import { Tensor } from './tensor.ts'

/** A tensor of numbers evaluated by the host: now in eager use, at each call of a compiled function. */
function evaluated(
  engine: Engine,
  shape: readonly number[],
  dtype: DType,
  evaluate: () => ArrayLike<number>,
): Tensor {
  const recording = currentRecording()
  if (recording) {
    // While recording, nothing is asked: a counter must not advance for a run that never happens.
    const values = new Array<number>(shape[0] ?? 1).fill(0)
    return new Tensor(new Value(engine, shape, dtype, { values, evaluate, bounds: [] }, recording))
  }
  const values = Array.from(evaluate())
  const value = new Value(engine, shape, dtype, { values })
  value.range = rangeOf(values)
  return new Tensor(value)
}

/**
 * A float32 scalar that `evaluate` gives: now in eager use, and anew at each call of a compiled function: a learning
 * rate that changes makes no new recording. Throws `value` when it gives anything but a number.
 */
export function hostScalar(evaluate: () => number, options: { engine?: Engine } = {}): Tensor {
  checkOptions('hostScalar', options, ['engine'])
  checkFunction('hostScalar', evaluate, '() => number')
  return evaluated(options.engine ?? currentEngine('hostScalar'), [], 'float32', () => {
    const number: unknown = evaluate()
    if (typeof number !== 'number')
      fail('value', 'hostScalar', `the function gave ${show(number)}, not a number.`)
    return [number]
  })
}

/**
 * A vector of `length` numbers that `evaluate` gives, asked for as those of `hostScalar` are and sent in the same write:
 * the rows of a batch, for `gather` to pick from a data set on the GPU. Throws `value` when it gives another count of
 * numbers, `index` when an index op cannot use one.
 */
export function hostVector(
  evaluate: () => ArrayLike<number>,
  options: { length: number; dtype?: DType; engine?: Engine },
): Tensor {
  const where = 'hostVector'
  checkOptions(where, options, ['length', 'dtype', 'engine'])
  checkFunction(where, evaluate, '() => numbers')
  const length = integer(undefined, { min: 1 })(options.length, { where, name: 'length', rank: 0 })
  const dtype = options.dtype === undefined ? 'float32' : checkDType(where, options.dtype)
  return evaluated(options.engine ?? currentEngine(where), [length], dtype, () => {
    const numbers: unknown = evaluate()
    const isList = Array.isArray(numbers) || ArrayBuffer.isView(numbers)
    if (!isList || (numbers as unknown as ArrayLike<unknown>).length !== length)
      fail('value', where, `the function gave ${show(numbers)}, not ${length} numbers.`)
    return numbers as unknown as ArrayLike<number>
  })
}

function checkFunction(where: string, evaluate: unknown, example: string): void {
  if (typeof evaluate === 'function') return
  fail('value', where, `expected a function, not ${show(evaluate)}.`, `Write ${where}(${example}).`)
}
