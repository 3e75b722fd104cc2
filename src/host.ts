// Host numbers: small tensors whose numbers the host knows, asked for anew at each replay of a plan.
import type { DType } from './dtype.ts'
import type { Engine } from './engine.ts'
import { currentEngine } from './engine.ts'
import { fail, show } from './errors.ts'
import { checkOptions } from './options.ts'
import { currentRecording, Value } from './tape.ts'
import { Tensor } from './tensor.ts'

/** A vector of numbers evaluated by the host: now in eager use, at each call of a compiled function. Internal. */
export function hostVector(
  engine: Engine,
  length: number | null,
  dtype: DType,
  evaluate: () => ArrayLike<number>,
): Tensor {
  const shape = length === null ? [] : [length]
  const recording = currentRecording()
  // While recording, nothing is asked: a counter must not advance for a run that never happens.
  const host = recording
    ? { values: new Array<number>(length ?? 1).fill(0), evaluate }
    : { values: Array.from(evaluate()) }
  return new Tensor(new Value(engine, shape, dtype, host, recording))
}

/**
 * A float32 scalar that `evaluate` gives: now in eager use, and anew at each call of a compiled function: a learning
 * rate that changes makes no new recording. Throws `value` when it gives anything but a number.
 */
export function hostScalar(evaluate: () => number, options: { engine?: Engine } = {}): Tensor {
  checkOptions('hostScalar', options, ['engine'])
  if (typeof evaluate !== 'function')
    fail(
      'value',
      'hostScalar',
      `expected a function, not ${show(evaluate)}.`,
      'Write hostScalar(() => number).',
    )
  return hostVector(options.engine ?? currentEngine('hostScalar'), null, 'float32', () => {
    const number: unknown = evaluate()
    if (typeof number !== 'number')
      fail('value', 'hostScalar', `the function gave ${show(number)}, not a number.`)
    return [number]
  })
}
