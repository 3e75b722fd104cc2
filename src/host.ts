// Host numbers: small tensors whose numbers the host knows, asked for anew at each replay of a plan.
import { type DType, isFloat, roundTo } from './dtype.ts'
import { type Engine, engineOr } from './engine.ts'
import { fail, show } from './errors.ts'
import { checkDType, checkKind, checkOptions, integer } from './options.ts'
import { currentRecording, type HostSource, rangeOf, type Spec, Value } from './tape.ts'
import { Tensor } from './tensor.ts'

/** A tensor of numbers evaluated by the host: now in eager use, at each call of a compiled function. Internal. */
export function evaluated(
  where: string,
  engine: Engine,
  spec: Spec,
  evaluate: () => ArrayLike<number>,
  undo?: HostSource['undo'],
): Tensor {
  const { shape, dtype } = spec
  engine.assertAlive(where)
  engine.runner.checkSpec(where, spec)
  const recording = currentRecording()
  if (recording) {
    // While recording, nothing is asked: a counter must not advance for a run that never happens.
    const values = new Float32Array(shape[0] ?? 1)
    const host = { values, evaluate, bounds: [], ...(undo ? { undo } : {}) }
    return new Tensor(new Value(engine, shape, dtype, host, recording))
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
  const where = 'hostScalar'
  checkOptions(where, options, ['engine'])
  checkKind(where, 'the argument', evaluate, 'a function')
  const spec: Spec = { shape: [], dtype: 'float32' }
  return evaluated(where, engineOr(where, options.engine), spec, () => [
    asStored(where, evaluate(), 0, 'float32'),
  ])
}

/**
 * A vector of `length` numbers that `evaluate` gives, asked for as those of `hostScalar` are and sent in the same write:
 * the rows of a batch, for `gather` to pick from a data set on the GPU. Throws `value` when it gives another count of
 * numbers, `dtype` for one that an integer dtype cannot hold, `index` when an index op cannot use one.
 */
export function hostVector(
  evaluate: () => ArrayLike<number>,
  options: { length: number; dtype?: DType; engine?: Engine },
): Tensor {
  const where = 'hostVector'
  checkOptions(where, options, ['length', 'dtype', 'engine'])
  checkKind(where, 'the argument', evaluate, 'a function')
  const length = integer(undefined, { min: 1 })(options.length, { where, name: 'length', rank: 0 })
  const dtype = options.dtype === undefined ? 'float32' : checkDType(where, options.dtype)
  return evaluated(where, engineOr(where, options.engine), { shape: [length], dtype }, () => {
    const numbers: unknown = evaluate()
    const isList = Array.isArray(numbers) || ArrayBuffer.isView(numbers)
    if (!isList || (numbers as unknown as ArrayLike<unknown>).length !== length)
      fail('value', where, `the function gave ${show(numbers)}, not ${length} numbers.`)
    return Array.from(numbers as unknown as ArrayLike<unknown>, (number, i) =>
      asStored(where, number, i, dtype),
    )
  })
}

/** A number for a tensor of the dtype; floats are rounded where they are stored. */
function asStored(where: string, number: unknown, place: number, dtype: DType): number {
  if (typeof number !== 'number' && !(dtype === 'bool' && typeof number === 'boolean'))
    fail('value', where, `the function gave ${show(number)} at ${place}, not a number.`)
  if (isFloat(dtype)) return Number(number)
  const stored = roundTo(dtype, Number(number))
  if (dtype !== 'bool' && stored !== number)
    fail('dtype', where, `the function gave ${number} at ${place}, which is no ${dtype}.`, 'Round it first.')
  return stored
}
