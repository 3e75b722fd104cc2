// Names of classes: ids of two sets, or of a set and a model, mean the same only where their names agree.
import { fail } from '../errors.ts'
import type { Layer } from '../nn/layer.ts'

type Names = readonly string[] | null | undefined

/** What the classes that a model was last trained on are called. */
const learnt = new WeakMap<Layer, Names>()

/** Remembers what the classes are called that a model learns. */
export function learnNames(model: Layer, names: Names): void {
  learnt.set(model, names)
}

/** Throws `value` where a class has another name in a set than among those that a model learns or, by default, has learnt. */
export function checkNames(
  where: string,
  what: string,
  model: Layer,
  names: Names,
  own: Names = learnt.get(model),
): void {
  if (!own || !names || names.every((name, id) => name === own[id])) return
  fail(
    'value',
    where,
    `classes are ${own.join(', ')} in training, ${names.join(', ')} in ${what}.`,
    'Give both sets { classes: [names] }.',
  )
}
