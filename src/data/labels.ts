// Labels from the host: class ids, names of classes, or numbers to predict.
import { fail, show } from '../errors.ts'
import { at } from '../shape.ts'
import { checkRange } from '../tape.ts'
import { Tensor } from '../tensor.ts'
import { type FlatNumbers, isList, type Numbers, readNumbers } from './numbers.ts'

/**
 * Labels in any form. Integer typed arrays, int32 tensors and names are class ids; numbers and floats are targets to
 * predict, unless `classes` is given.
 */
export type Labels = Tensor | Numbers | readonly (string | number)[]

/** Labels, read: host ids or numbers, or a tensor. */
export interface ReadLabels {
  readonly values: Int32Array | FlatNumbers | Tensor
  /** Count of classes where labels are class ids. */
  readonly classes: number | null
  readonly classNames: readonly string[] | null
}

/** Reads labels. Throws `value`, `index` (an id out of range), `shape`, `dtype`, `option`. */
export function readLabels(where: string, labels: unknown, classes: unknown): ReadLabels {
  const given = checkClasses(where, classes)
  if (labels instanceof Tensor) return readTensor(where, labels, given)
  if (isNames(labels)) return readNames(where, labels, given)
  if (!given.count && !isIntegers(labels)) {
    return { values: readNumbers(where, 'labels', labels), classes: null, classNames: null }
  }
  if (!isList(labels) || isList(labels[0]))
    fail('value', where, `labels are ${show(labels)}.`, 'Class ids are a list of whole numbers.')
  return readIds(where, labels, given)
}

/**
 * What each row of targets is not, as bits: 1, numbers from 0 to 1; 2, numbers that add up to 1; 4, zeros and ones alone.
 * Probabilities may be rounded, to two digits.
 */
export function oddities(values: ArrayLike<number>, rows: number): Uint8Array {
  const width = values.length / rows
  return Uint8Array.from({ length: rows }, (_, row) => {
    let bits = 0
    let rest = 1
    for (let i = row * width; i < (row + 1) * width; i++) {
      const value = values[i] as number
      rest -= value
      if (!(Math.abs(value - 0.5) < 0.501)) bits |= 1
      if (value !== 0 && value !== 1) bits |= 4
    }
    return Math.abs(rest) < 0.02 ? bits : bits | 2
  })
}

interface Classes {
  /** 0: not given. */
  readonly count: number
  readonly names: readonly string[] | null
}

/** The count and names that an option gives. Throws `option`. */
export function checkClasses(where: string, classes: unknown): Classes {
  if (classes === undefined) return { count: 0, names: null }
  if (typeof classes === 'number' && Number.isSafeInteger(classes) && classes > 0)
    return { count: classes, names: null }
  const areNames = Array.isArray(classes) && classes.every(name => typeof name === 'string')
  if (areNames && classes.length > 0 && new Set(classes).size === classes.length)
    return { count: classes.length, names: [...classes] }
  return fail('option', where, `classes is ${show(classes)}.`, 'Give their count or their distinct names.')
}

const isIntegers = (labels: unknown): boolean =>
  ArrayBuffer.isView(labels) && !(labels instanceof Float32Array || labels instanceof Float64Array)

/** Whether labels are class ids or names by their form alone. */
export const isClassIds = (labels: unknown): boolean => isIntegers(labels) || isNames(labels)

export const isNames = (labels: unknown): labels is ArrayLike<unknown> =>
  isList(labels) && typeof labels[0] === 'string'

function readTensor(where: string, labels: Tensor, { count, names }: Classes): ReadLabels {
  labels.read(where)
  const { dtype, shape, rank } = labels
  if (dtype === 'float32' || dtype === 'float16') {
    if (count)
      fail('option', where, `classes are given, yet labels are ${dtype}.`, "Use cast(labels, 'int32').")
    if (rank === 0) fail('shape', where, 'labels are a scalar.', 'Give one a row.')
    return { values: labels, classes: null, classNames: null }
  }
  if (dtype !== 'int32')
    fail('dtype', where, `labels are ${dtype}; they must be int32 or float32.`, 'Use cast(labels, dtype).')
  if (rank !== 1) fail('shape', where, `labels are ${show(shape)}.`, 'Class ids have shape [rows].')
  if (!count)
    fail('option', where, 'labels are a tensor, whose classes cannot be counted.', 'Give { classes: count }.')
  checkRange(where, labels.value.range, count)
  return { values: labels, classes: count, classNames: names }
}

function readNames(where: string, labels: ArrayLike<unknown>, { count, names }: Classes): ReadLabels {
  const list = Array.from(labels, (name, row) =>
    typeof name === 'string' ? name : fail('value', where, `labels: ${show(name)} at row ${row} is no name.`),
  )
  const known = names ?? [...new Set(list)].sort()
  if (count && count !== known.length)
    fail(
      'value',
      where,
      `labels have ${known.length} names, classes is ${count}.`,
      'Give the names as classes.',
    )
  const ids = new Map(known.map((name, id) => [name, id]))
  const values = Int32Array.from(list, (name, row) => {
    const near = ids.get(name)
    return near ?? fail('index', where, `labels: '${name}' at row ${row} is none of ${show(known)}.`)
  })
  return checkVariety(where, values, known.length, known, count > 0)
}

function readIds(where: string, labels: ArrayLike<unknown>, { count, names }: Classes): ReadLabels {
  const bound = count || 2 ** 31
  const values = Int32Array.from(labels, (id, row) => {
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < bound) return id
    const range = count ? `[0, ${count})` : '0, 1, 2, …'
    return fail('index', where, `labels: ${show(id)} at row ${row} is no class id in ${range}.`)
  })
  const classes = count || values.reduce((most, id) => Math.max(most, id), -1) + 1
  return checkVariety(where, values, classes, names, count > 0)
}

function checkVariety(
  where: string,
  values: Int32Array,
  classes: number,
  classNames: readonly string[] | null,
  given: boolean,
): ReadLabels {
  if (!given && values.length > 0 && values.every(id => id === at(values, 0)))
    fail(
      'value',
      where,
      `all labels are of one class, ${classNames ? `'${classNames[0]}'` : values[0]}.`,
      'Add others, or give { classes }.',
    )
  return { values, classes, classNames }
}
