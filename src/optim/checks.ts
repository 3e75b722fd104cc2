// What an optimizer is given: gradients that fit its parameters, and states that fit its own.
import type { HostArray } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { sameShape } from '../shape.ts'
import { type Parameter, Tensor } from '../tensor.ts'
import type { OptimizerState } from './optimizer.ts'

/** Each state tensor with what is to be put there. */
export function checkState(
  where: string,
  tensors: Readonly<Record<string, Parameter>>,
  state: OptimizerState,
): [Parameter, Tensor | HostArray | readonly number[]][] {
  if (typeof state?.tensors !== 'object' || state.tensors === null)
    fail('value', where, `the state is ${show(state)}.`, 'Pass what state() gave.')
  if (!Number.isSafeInteger(state.steps) || state.steps < 0)
    fail('value', where, `steps is ${show(state.steps)}; it must be a whole number from 0 on.`)
  const [known, found] = [Object.keys(tensors), Object.keys(state.tensors)]
  if (known.length !== found.length || !known.every(name => found.includes(name)))
    fail('value', where, `the state has ${show(found)}; it must have ${show(known)}.`)
  return Object.entries(tensors).map(([name, target]) => {
    const value = state.tensors[name] as Tensor | HostArray | readonly number[]
    const isTensor = value instanceof Tensor
    if (isTensor) value.read(where)
    if (isTensor ? !sameShape(value.shape, target.shape) : value?.length !== target.size) {
      const shape = isTensor ? value.shape : [value?.length]
      fail('shape', where, `${name} is ${show(shape)}; it must be ${show(target.shape)}.`)
    }
    if (isTensor && value.dtype !== target.dtype)
      fail('dtype', where, `${name} is ${value.dtype}; it must be ${target.dtype}.`)
    if (isTensor && value.engine !== target.engine)
      fail('engine', where, `${name} belongs to another engine.`, 'Pass its numbers.')
    return [target, value]
  })
}

/** Throws unless there is a gradient for each parameter that fits it. */
export function checkGradients(
  where: string,
  parameters: readonly Parameter[],
  gradients: unknown,
): asserts gradients is readonly Tensor[] {
  if (!Array.isArray(gradients) || gradients.length !== parameters.length) {
    const found = Array.isArray(gradients) ? `${gradients.length} gradients` : show(gradients)
    fail(
      'value',
      where,
      `expected ${parameters.length} gradients, one a parameter, not ${found}.`,
      'Pass grad(loss, model.parameters()).',
    )
  }
  parameters.forEach(({ shape, dtype }, i) => {
    const gradient: unknown = gradients[i]
    if (!(gradient instanceof Tensor))
      fail('value', where, `gradient ${i} is ${show(gradient)}, not a tensor.`)
    gradient.read(where)
    if (gradient.dtype !== dtype && !(gradient.dtype === 'float16' && dtype === 'float32'))
      fail(
        'dtype',
        where,
        `gradient ${i} is ${gradient.dtype}, its parameter ${dtype}.`,
        'Use cast(x, dtype).',
      )
    if (!sameShape(gradient.shape, shape))
      fail('shape', where, `gradient ${i} is ${show(gradient.shape)}, its parameter ${show(shape)}.`)
  })
}
