// What the tensors and texts of a file are called.
import type { Layer } from '../nn/layer.ts'
import { checkKind } from '../options.ts'
import type { Parameter, Tensor } from '../tensor.ts'

/** Things by name. A map, where names may be any text. */
export type Named<T> = Readonly<Record<string, T>> | ReadonlyMap<string, T>

/** How keys of the metadata that are ours begin. */
export const RESERVED = 'retrograd.'
export const OPTIMIZER = `${RESERVED}optimizer`
export const TRANSFORMS = `${RESERVED}transforms`

/** How tensors of an optimizer's state begin, where the metadata says that there is one. */
export const STATE = 'optimizer.'

/** Parameters and buffers of a model, or the tensors given, by name. Throws `value` for anything else. */
export function tensorsOf<T extends Tensor>(
  where: string,
  model: Layer | Named<T>,
): Map<string, T | Parameter> {
  if (typeof model !== 'function' || !('namedParameters' in model))
    return new Map(entriesOf(where, 'model', model))
  return new Map([...model.namedParameters(), ...model.namedBuffers()])
}

/** Entries of things by name. Throws `value` for what is neither an object nor a map. */
export function entriesOf<T>(where: string, what: string, named: Named<T>): [string, T][] {
  if (named instanceof Map) return [...named]
  checkKind(where, what, named, 'an object', 'Pass things by name, or a map of them.')
  return Object.entries(named)
}
