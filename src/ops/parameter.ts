// Parameters: tensors that updates may overwrite, and the flat arenas they are gathered in.
import { fail, must, show } from '../errors.ts'
import { at, type Shape, sizeOf } from '../shape.ts'
import { refuseRecording } from '../tape.ts'
import { keepResult, Parameter, Tensor } from '../tensor.ts'
import { type CreateOptions, creation } from './create.ts'
import { flatLayout } from './join.ts'
import { detach } from './reshape.ts'
import { checkTensor } from './signature.ts'
import { assign } from './update.ts'

/** A tensor that update ops may overwrite, with a copy of x's numbers. No scope disposes it. */
export function parameter(x: Tensor): Parameter {
  checkTensor('parameter', x)
  const value = x.read('parameter')
  refuseRecording('parameter')
  const { engine } = value
  engine.realize(value)
  const owned = engine.stored(value, true)
  const storage = must(owned.storage, 'storage')
  if (value.storage) engine.runner.copy([{ from: value.storage, to: storage, bytes: storage.bytes }])
  else engine.runner.write(storage, value.dtype, must(value.host, 'host numbers').values)
  return new Parameter(owned)
}

/** A parameter that starts as a tensor nobody else needs, which is disposed. */
export function parameterFrom(start: Tensor): Parameter {
  try {
    return parameter(start)
  } finally {
    start.dispose()
  }
}

/** A parameter of one number throughout. It takes no kernel, which would have to be compiled before anything is trained. */
export function filledParameter(shape: Shape, number: number, options: CreateOptions = {}): Parameter {
  const { engine, dtype } = creation('parameter', options)
  refuseRecording('parameter')
  engine.runner.checkSpec('parameter', { shape, dtype })
  const value = engine.stored({ shape, dtype }, true)
  const storage = must(value.storage, 'storage')
  if (number === 0) engine.runner.clear(storage)
  else engine.runner.write(storage, dtype, new Float32Array(sizeOf(shape)).fill(number))
  return new Parameter(value)
}

/** Overwrites a parameter with a tensor of its shape and dtype. Its earlier value stays what it was for what was computed from it. */
export function assignTo(target: Parameter, value: Tensor): void {
  checkTensor('assign', value, 'value')
  // Another parameter may lie in the same buffer, which no kernel can both read and write: an alias is copied first.
  keepResult(() => assign(value instanceof Parameter ? detach(value) : value, target))
}

/**
 * Gathers parameters into one flat parameter whose storage holds all of theirs: one update of it updates them all.
 * Gathered again in the same company, they stay where they are; in another, they move and their old arena loses them.
 */
export function gatherArena(where: string, parameters: readonly Parameter[]): Parameter {
  refuseRecording(where)
  const first = checkParameters(where, parameters)
  const known = first.arena
  if (
    known &&
    known.members.length === parameters.length &&
    known.members.every((member, i) => member === parameters[i])
  )
    return known
  const { engine, dtype } = first
  const { offsets, length } = flatLayout(parameters.map(({ shape }) => shape))
  engine.runner.checkSpec(where, { shape: [length], dtype })
  engine.flush()
  const flat = new Parameter(engine.stored({ shape: [length], dtype }, true))
  const storage = must(flat.value.storage, 'arena')
  engine.runner.clear(storage)
  const bytes = engine.elementBytes(flat)
  const places = parameters.map((member, i) =>
    storage.slice(at(offsets, i) * bytes, sizeOf(member.shape) * bytes),
  )
  engine.runner.copy(
    parameters.map(({ value }, i) => ({
      from: must(value.storage, 'parameter'),
      to: must(places[i], 'place'),
      bytes: must(places[i], 'place').bytes,
    })),
  )
  parameters.forEach((member, i) => {
    const { arena } = member
    if (arena) {
      arena.members.splice(arena.members.indexOf(member), 1)
      if (arena.members.every(({ isDisposed }) => isDisposed)) arena.dispose()
    }
    member.arena = flat
    const old = must(member.value.storage, 'parameter')
    old.moved = true
    old.release()
    member.value.storage = must(places[i], 'place')
  })
  flat.members.push(...parameters)
  // What the parameters lay in, and what they were initialised from, will hardly be of use again.
  engine.memoryManager.trim()
  return flat
}

function checkParameters(where: string, parameters: readonly Parameter[]): Parameter {
  if (!Array.isArray(parameters) || parameters.length === 0) {
    fail(
      'value',
      where,
      `expected a list of parameters, not ${show(parameters)}.`,
      'Pass model.parameters().',
    )
  }
  const [first] = parameters as [Parameter]
  parameters.forEach((item: unknown, i) => {
    if (!(item instanceof Parameter)) {
      const what = item instanceof Tensor ? `${item}, not a parameter` : show(item)
      fail('value', where, `item ${i} is ${what}.`, 'Make it one with parameter(tensor).')
    }
    item.read(where)
    if (item.engine !== first.engine) fail('engine', where, `parameter ${i} belongs to another engine.`)
    if (item.dtype !== first.dtype)
      fail(
        'dtype',
        where,
        `parameter ${i} is ${item.dtype}, the first ${first.dtype}.`,
        'Use one optimizer a dtype.',
      )
  })
  if (new Set(parameters).size !== parameters.length)
    fail('value', where, 'a parameter is listed twice.', 'List it once.')
  return first
}
