// Saving: a model, its optimizer's state and its data's transforms as the bytes of a safetensors file.
import { type Transform, transformFromJSON } from '../data/transform.ts'
import { fail, show } from '../errors.ts'
import type { Layer } from '../nn/layer.ts'
import { checkTensor } from '../ops/signature.ts'
import { type Optimizer, optimizerOption } from '../optim/optimizer.ts'
import { optional, parseOptions } from '../options.ts'
import type { Tensor } from '../tensor.ts'
import { encode } from './dtypes.ts'
import { compose, type Entry, METADATA, objectText } from './format.ts'
import { entriesOf, type Named, OPTIMIZER, RESERVED, TRANSFORMS, tensorsOf } from './names.ts'
import { saveState } from './optimizer.ts'

/** Options of `saveSafetensors`. */
export interface SaveOptions {
  /** Its state goes with the model: `optimizer.<state>.<parameter>`, its steps, and its learning rate or schedule's state. */
  optimizer?: Optimizer
  /** Fitted transforms of the data by name: `{ features: data.standardize(x) }`. */
  transforms?: Named<Transform>
  /** Texts of one's own by name. */
  metadata?: Named<string>
}

/**
 * The bytes of a safetensors file of a model's parameters and buffers, or of tensors by name: float32 as F32, float16 as
 * F16, int32 as I32, uint32 as U32, bool as BOOL; numbers of a float64 engine as F64. Weights are [inputs, outputs], the
 * transpose of PyTorch's. The values are those at the call: training may go on while they are read.
 *
 * A run that goes on from a file takes the same steps, bit for bit, as one that never stopped, where all that it depends
 * on is there: the model, the optimizer with its schedule, the batches you give it. Random numbers are not: dropout draws from
 * where the engine's stream stands, and another `fit` begins with the order of its first epoch; pass it another `seed`.
 * Nor is a loss scale (keep its `state().tensors` in a file of their own), or what a stop rule remembers.
 *
 * Throws `value` for what cannot be saved or has a name that is taken.
 */
export async function saveSafetensors(
  model: Layer | Named<Tensor>,
  options: SaveOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const where = 'saveSafetensors'
  const given = parseOptions(where, options, {
    optimizer: optional(optimizerOption),
    transforms: (value = {}) => entriesOf(where, 'transforms', value as Named<Transform>),
    metadata: (value = {}) => entriesOf(where, 'metadata', value as Named<string>),
  })
  const tensors = tensorsOf(where, model)
  for (const [name, tensor] of tensors) {
    checkTensor(where, tensor, `tensor ${show(name)}`)
    if (name === METADATA) fail('value', where, `no tensor can be called ${name}.`, 'Rename it.')
  }
  for (const [name, transform] of given.transforms) {
    if (typeof transform?.toJSON !== 'function')
      fail('value', where, `transform ${show(name)} is ${show(transform)}, which has no toJSON().`)
    // What could not be read again must not be written.
    transformFromJSON(transform.toJSON())
  }
  const metadata = new Map(given.metadata)
  for (const [key, text] of metadata) {
    if (typeof text !== 'string')
      fail('value', where, `metadata ${show(key)} is ${show(text)}, not a text.`, 'Use JSON.stringify.')
    if (key.startsWith(RESERVED))
      fail('value', where, `metadata ${show(key)} is a name of ours.`, 'Rename it.')
  }
  if (given.transforms.length > 0) metadata.set(TRANSFORMS, objectText(given.transforms))
  // Every read begins here, before anything waits: a step taken meanwhile does not show.
  const state = given.optimizer && saveState(where, given.optimizer, tensors)
  if (state) metadata.set(OPTIMIZER, state.record)
  const reads = [...tensors].map(async ([name, tensor]): Promise<[string, Entry][]> => {
    const { shape, dtype } = tensor
    return [[name, { shape, ...encode(dtype, await tensor.data()) }]]
  })
  const entries = (await Promise.all([...reads, ...(state?.reads ?? [])])).flat()
  const all = new Map(entries)
  if (all.size < entries.length)
    fail('value', where, "a tensor of the model has the name of an optimizer's state.", 'Rename it.')
  return compose({ tensors: all, metadata })
}
