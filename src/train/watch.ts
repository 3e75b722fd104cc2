// Finding what is not finite: a step is repeated op by op, and the first op that gave NaN or infinity is named.
import { unscoped } from '../data/numbers.ts'
import { type HostArray, isFloat } from '../dtype.ts'
import { must, show } from '../errors.ts'
import { grad } from '../grad.ts'
import type { Layer } from '../nn/layer.ts'
import { all } from '../ops/reduce.ts'
import { isFinite as areFinite } from '../ops/unary.ts'
import type { RandomStream } from '../random.ts'
import { type Shape, stridesOf } from '../shape.ts'
import type { Value } from '../tape.ts'
import { type Parameter, scope, Tensor } from '../tensor.ts'
import { rounded } from '../text.ts'
import type { Batch } from './feed.ts'
import type { LossFunction } from './losses.ts'
import { type Applied, traceModel } from './trace.ts'
import { Weights } from './weights.ts'

/** A step as it can be done again. */
export interface Replay {
  /** The same batch, for the caller to dispose. */
  batch(): Batch
  /** Where its random numbers began. */
  readonly random: RandomStream
  /** The rows of the source, where there is a set. */
  readonly rows: Int32Array | null
}

export interface Suspect {
  readonly model: Layer
  readonly loss: LossFunction
  readonly parameters: readonly Parameter[]
  readonly replay: Replay
}

/**
 * What made a step's loss or gradient NaN or infinite, in words: a row of the data, a parameter, or an op with its layer;
 * and what to do. The parameters are as they were before the step; nothing is changed.
 */
export async function findCulprit(suspect: Suspect): Promise<{ what: string; remedy: string }> {
  const { model, parameters, replay } = suspect
  const { engine } = must(parameters[0], 'parameter')
  const kept = model.buffers().length > 0 ? new Weights(model) : null
  const batch = replay.batch()
  const owned: Tensor[] = [batch.features, batch.labels]
  const names = new Map([...model.namedParameters()].map(([name, parameter]) => [parameter, name]))
  try {
    kept?.save()
    const traced: Applied[] = []
    const hold = (value: Value): Tensor => {
      const tensor = unscoped(new Tensor(value))
      owned.push(tensor)
      return tensor
    }
    const roots = engine.withSeed({ ...replay.random }, () =>
      scope(() =>
        traceModel(
          applied => {
            traced.push(applied)
            for (const value of [...applied.node.inputs, ...applied.node.outputs]) hold(value)
          },
          () => {
            const value = suspect.loss(model(batch.features, { training: true }), batch.labels)
            return [value, ...grad(value, parameters, { allowUnused: true })]
          },
        ),
      ),
    )
    owned.push(...roots)
    const leaves = new Map<Value, string>([
      [batch.features.value, 'features'],
      [batch.labels.value, 'labels'],
      ...parameters.map((p, i): [Value, string] => [p.value, `parameter ${names.get(p) ?? i}`]),
    ])
    const bad = await notFinite([...owned, ...parameters])
    const makers = new Map(traced.flatMap(item => item.node.outputs.map(value => [value, item] as const)))
    const found = roots
      .filter(root => bad.has(root.value))
      .map(root => trail(root.value, bad, makers, leaves))
      .sort((a, b) => orderOf(a) - orderOf(b))[0]
    if (!found)
      return {
        what: 'its repetition, op by op, gives finite numbers: kernels that fuse ops round otherwise.',
        remedy: REMEDY.growth,
      }
    if ('node' in found) return await blameOp(found, hold)
    const { what, value } = found
    const { index, number } = await firstBad(hold(value))
    if (what.startsWith('parameter'))
      return { what: `${what} was ${number} at ${show(index)} before it.`, remedy: REMEDY.growth }
    const [row = 0, ...place] = index
    const source = replay.rows ? `row ${replay.rows[row]} of the set` : `row ${row} of its batch`
    return {
      what: `the ${what} of ${source} have ${number} at ${show(place)}.`,
      remedy: 'Mend the row, or leave it out.',
    }
  } finally {
    kept?.restore()
    for (const item of [...owned, ...(kept ? [kept] : [])]) item.dispose()
  }
}

/** What to do, by what went wrong. */
export const REMEDY = {
  growth: 'Lower the learning rate, clip the gradients, or start with smaller weights.',
  domain: 'Keep what goes into it where it is defined: by clip, or by a small number added.',
}

/** Numbers above this are on their way to overflow. */
const LARGE = 1e6

interface Leaf {
  readonly what: string
  readonly value: Value
}

/** Leaves are to blame before ops, ops in the order in which they ran. */
const orderOf = (found: Applied | Leaf): number => ('node' in found ? found.node.id : 0)

/** Goes back from what is not finite to what was first. */
function trail(
  root: Value,
  bad: ReadonlySet<Value>,
  makers: ReadonlyMap<Value, Applied>,
  leaves: ReadonlyMap<Value, string>,
): Applied | Leaf {
  for (let value = root; ; ) {
    const maker = must(makers.get(value), 'maker')
    const inputs = maker.node.inputs.filter(input => bad.has(input))
    const leaf = inputs.find(input => leaves.has(input))
    if (leaf) return { what: must(leaves.get(leaf), 'leaf'), value: leaf }
    const before = inputs.find(input => makers.has(input))
    if (!before) return maker
    value = before
  }
}

/** Values that hold a NaN or an infinity. */
async function notFinite(tensors: readonly Tensor[]): Promise<Set<Value>> {
  const distinct = new Map(tensors.map(tensor => [tensor.value, tensor]))
  const floats = [...distinct.values()].filter(({ dtype, size }) => isFloat(dtype) && size > 0)
  const flags = scope(() => floats.map(tensor => all(areFinite(tensor))))
  const finite = await Promise.all(flags.map(flag => flag.item().finally(() => flag.dispose())))
  return new Set(floats.filter((_, i) => finite[i] === 0).map(({ value }) => value))
}

/** Where a tensor has the first number that is not finite. */
async function firstBad(tensor: Tensor): Promise<{ index: number[]; number: number; position: number }> {
  const numbers = await tensor.data()
  const position = numbers.findIndex(number => !Number.isFinite(number))
  return { index: placeOf(position, tensor.shape), number: numbers[position] as number, position }
}

/** The index of an element by its position, row by row. */
export const placeOf = (position: number, shape: Shape): number[] =>
  stridesOf(shape).map((stride, axis) => Math.floor(position / stride) % (shape[axis] as number))

async function blameOp({ node, place, served }: Applied, hold: (value: Value) => Tensor) {
  const output = must(
    node.outputs.find(({ dtype }) => isFloat(dtype)),
    'output',
  )
  const { index, number } = await firstBad(hold(output))
  const inputs = await Promise.all(
    node.inputs.filter(({ dtype }) => isFloat(dtype)).map(input => hold(input).data()),
  )
  const ranges = inputs.map(rangeOf)
  const what = served ? `the gradient of ${served.op.name} in ${place}` : `${node.op.name} in ${place}`
  const by = served ? `, by ${node.op.name}` : ''
  const from = ranges.map(({ low, high }) =>
    low === high ? rounded(low, 4) : `[${rounded(low, 4)}, ${rounded(high, 4)}]`,
  )
  const grows = ranges.some(({ low, high }) => Math.max(-low, high) > LARGE)
  return {
    what: `${what}, gave ${number} at ${show(index)}${by}, from numbers in ${from.join(' and ')}.`,
    remedy: grows ? REMEDY.growth : REMEDY.domain,
  }
}

function rangeOf(numbers: HostArray): { low: number; high: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const number of numbers) {
    low = Math.min(low, number)
    high = Math.max(high, number)
  }
  return { low, high }
}
