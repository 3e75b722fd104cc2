// An optimizer's state in a file: per parameter, whatever layout it has in memory.
import { fail, must, show } from '../errors.ts'
import { flatLayout } from '../ops/join.ts'
import type { Optimizer, OptimizerState } from '../optim/optimizer.ts'
import { at, type Shape, sizeOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { encode } from './dtypes.ts'
import { type Entry, fitted, type Parsed, textFields } from './format.ts'
import { OPTIMIZER, STATE } from './names.ts'

/** Where each of the optimizer's parameters lies in a flat state, and its name in the model. */
function placesOf(
  where: string,
  { parameters }: Optimizer,
  tensors: ReadonlyMap<string, Tensor>,
): { name: string; shape: Shape; begin: number; end: number }[] {
  const { offsets } = flatLayout(parameters.map(({ shape }) => shape))
  return parameters.map((parameter, i) => {
    const { shape } = parameter
    const begin = at(offsets, i)
    for (const [name, tensor] of tensors)
      if (tensor === parameter) return { name, shape, begin, end: begin + sizeOf(shape) }
    return fail(
      'value',
      where,
      `parameter ${i} of the optimizer, ${show(shape)}, is not in the model.`,
      'Pass an optimizer of model.parameters().',
    )
  })
}

/** What the metadata says of an optimizer, and its tensors; their numbers are those of now, though they come later. */
export function saveState(
  where: string,
  optimizer: Optimizer,
  model: ReadonlyMap<string, Tensor>,
): { record: string; reads: Promise<[string, Entry][]>[] } {
  const { tensors, ...rest } = optimizer.state()
  const places = placesOf(where, optimizer, model)
  const { name } = optimizer
  const reads = Object.entries(tensors).map(async ([state, tensor]) => {
    const { dtype } = tensor
    const numbers = await tensor.data()
    return places.map(({ name, shape, begin, end }): [string, Entry] => [
      `${STATE}${state}.${name}`,
      { shape, ...encode(dtype, numbers.subarray(begin, end)) },
    ])
  })
  return { record: JSON.stringify({ name, ...rest }), reads }
}

/** A saved state, as the optimizer takes it. Throws `value`, `shape` or `dtype` where it is none of this optimizer's. */
export function readState(
  where: string,
  { tensors, metadata }: Parsed,
  optimizer: Optimizer,
  model: ReadonlyMap<string, Tensor>,
): OptimizerState {
  const text = metadata.get(OPTIMIZER)
  if (text === undefined)
    fail(
      'value',
      where,
      'the file holds no optimizer.',
      'Save it with { optimizer }, or load the model alone.',
    )
  const record = new Map(textFields(where, OPTIMIZER, text))
  const [name, steps, learningRate] = ['name', 'steps', 'learningRate'].map(key => record.get(key))
  if (
    !Number.isSafeInteger(steps) ||
    Number(steps) < 0 ||
    !['number', 'undefined'].includes(typeof learningRate)
  )
    fail(
      'value',
      where,
      `the file's optimizer has ${show(steps)} steps, learning rate ${show(learningRate)}.`,
    )
  if (name !== optimizer.name)
    fail('value', where, `the optimizer is ${optimizer.name}, the file's is ${show(name)}.`)
  const places = placesOf(where, optimizer, model)
  const states = Object.entries(optimizer.state().tensors).map(([state, { size, dtype }]) => {
    const numbers = places.map(({ name, shape }) => {
      const key = `${STATE}${state}.${name}`
      const entry = tensors.get(key) ?? fail('value', where, `tensor ${show(key)} is missing.`)
      return fitted(where, key, entry, { shape, dtype })
    })
    const isWide = numbers.some(list => list instanceof Float64Array)
    const flat = isWide ? new Float64Array(size) : new Float32Array(size)
    places.forEach(({ begin }, i) => {
      flat.set(must(numbers[i], 'state'), begin)
    })
    return [state, flat]
  })
  return {
    steps: Number(steps),
    tensors: Object.fromEntries(states),
    ...(typeof learningRate === 'number' && learningRate > 0 ? { learningRate } : {}),
    // The schedule looks at it.
    ...(record.has('schedule') ? { schedule: record.get('schedule') as Record<string, number> } : {}),
  }
}
