// Loading: a safetensors file into a model that is there, or as numbers by name.
import { type Transform, transformFromJSON } from '../data/transform.ts'
import type { DType, HostArray } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import type { Layer } from '../nn/layer.ts'
import { tensor } from '../ops/create.ts'
import { assignTo } from '../ops/parameter.ts'
import { type Optimizer, optimizerOption } from '../optim/optimizer.ts'
import { boolean, optional, parseOptions } from '../options.ts'
import type { Shape } from '../shape.ts'
import { Parameter } from '../tensor.ts'
import { type StoredName, storedType } from './dtypes.ts'
import { bytesOf, decode, fitted, parse, type Source, textFields } from './format.ts'
import { type Named, OPTIMIZER, RESERVED, STATE, TRANSFORMS, tensorsOf } from './names.ts'
import { readState } from './optimizer.ts'

/** A tensor of a file, on the host. */
export interface StoredTensor {
  /** The dtype of a tensor made of it: F64 and BF16 are float32, small and 64-bit integers int32 or uint32. */
  readonly dtype: DType
  /** The file's own word for its dtype. */
  readonly storedAs: StoredName
  readonly shape: Shape
  /** Its numbers, row by row; F64 as Float64Array. */
  readonly values: HostArray
}

/** Reads a safetensors file. Throws `value`, `shape` or `dtype` for bytes that are none. */
export async function readSafetensors(
  source: Source,
): Promise<{ tensors: Map<string, StoredTensor>; metadata: Map<string, string> }> {
  const where = 'readSafetensors'
  const { tensors, metadata } = parse(where, await bytesOf(where, source))
  const read = [...tensors].map(([name, entry]): [string, StoredTensor] => {
    const { type, shape } = entry
    const { dtype } = storedType(where, name, type)
    return [name, { dtype, storedAs: type, shape, values: decode(where, name, entry) }]
  })
  return { tensors: new Map(read), metadata: new Map(metadata) }
}

/** Options of `loadSafetensors`. */
export interface LoadOptions {
  /** Puts the saved state, steps and learning rate back into it. */
  optimizer?: Optimizer
  /** Whether model and file must have the same names. Default true; a name they share must fit either way. */
  strict?: boolean
}

/** How the names matched, and what the file held beside the tensors. */
export interface Loaded {
  /** Names of the model that the file has not. Empty when strict. */
  readonly missing: readonly string[]
  /** Names of the file that the model has not. Empty when strict. */
  readonly unexpected: readonly string[]
  readonly transforms: Map<string, Transform>
  /** The texts saved with it. */
  readonly metadata: Map<string, string>
}

/**
 * Puts a file's numbers into the parameters and buffers of a model, or into parameters by name; where an optimizer has
 * gathered them, they stay. All of it is checked first: an error leaves model and optimizer as they were.
 * Floats of any width fit floats, rounded to the nearest; all else must have the dtype of its target. A parameter that
 * layers share may have any of its names, or all where the file's numbers agree.
 *
 * Throws `value` for a damaged file and for names that are missing or unexpected, `shape`, and `dtype` for integers where
 * floats belong and for a finite number beyond float16.
 */
export async function loadSafetensors(
  source: Source,
  model: Layer | Named<Parameter>,
  options: LoadOptions = {},
): Promise<Loaded> {
  const where = 'loadSafetensors'
  const { optimizer, strict } = parseOptions(where, options, {
    optimizer: optional(optimizerOption),
    strict: boolean(true),
  })
  const targets = tensorsOf(where, model)
  const file = parse(where, await bytesOf(where, source))
  const names = new Map<Parameter, string[]>()
  for (const [name, target] of targets) {
    if (!(target instanceof Parameter))
      fail(
        'value',
        where,
        `${show(name)} is ${show(target)}, not a parameter.`,
        'Make it one with parameter(x).',
      )
    target.read(where)
    names.set(target, [...(names.get(target) ?? []), name])
  }
  const missing: string[] = []
  const found = new Map<Parameter, HostArray>()
  for (const [target, aliases] of names) {
    const given = aliases.flatMap(name => {
      const entry = file.tensors.get(name)
      return entry ? [{ name, values: fitted(where, name, entry, target) }] : []
    })
    const [first] = given
    if (!first) {
      missing.push(...aliases.slice(0, 1))
      continue
    }
    for (const { name, values } of given.slice(1))
      if (values.some((value, i) => !Object.is(value, first.values[i])))
        fail(
          'value',
          where,
          `${show(first.name)} and ${show(name)} are one parameter, but differ in the file.`,
        )
    found.set(target, first.values)
  }
  const isState = (name: string) => file.metadata.has(OPTIMIZER) && name.startsWith(STATE)
  const unexpected = [...file.tensors.keys()].filter(name => !targets.has(name) && !isState(name))
  if (strict && missing.length + unexpected.length > 0)
    fail(
      'value',
      where,
      `the file does not fit the model: missing ${show(missing)}, unexpected ${show(unexpected)}.`,
      'Load it into the model it was saved from, or pass { strict: false }.',
    )
  const state = optimizer && readState(where, file, optimizer, targets)
  const transforms = textFields(where, TRANSFORMS, file.metadata.get(TRANSFORMS) ?? '{}')
  const restored = transforms.map(([name, json]): [string, Transform] => [name, transformFromJSON(json)])
  const metadata = [...file.metadata].filter(([key]) => !key.startsWith(RESERVED))
  if (state) optimizer.load(state)
  for (const [target, values] of found) {
    const { shape, dtype, engine } = target
    const value = tensor(values, { shape, dtype, engine })
    try {
      assignTo(target, value)
    } finally {
      value.dispose()
    }
  }
  return { missing, unexpected, transforms: new Map(restored), metadata: new Map(metadata) }
}
