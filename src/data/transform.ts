// Transforms, saved and read back: what a model was trained with goes where the model goes.
import { fail, show } from '../errors.ts'
import { type Category, isCategory, OneHot, type OneHotJson } from './categories.ts'
import { type ColumnJson, columnCoder, Encoder, type EncoderJson } from './encoder.ts'
import { Scaling, type ScalingJson } from './scaling.ts'

/** A fitted transform, by its `kind`. */
export type Transform = Scaling | OneHot | Encoder

/** What a transform is saved as: `JSON.stringify(transform)`. */
export type TransformJson = ScalingJson | OneHotJson | EncoderJson

const where = 'transformFromJSON'

const refuse = (what: string): never =>
  fail('value', where, `${what}.`, 'Pass what JSON.stringify made of a fitted transform.')

/** The transform that was saved, from its JSON as text or parsed. Throws `value` for anything else, saying what is wrong. */
export function transformFromJSON(json: unknown): Transform {
  const saved = record(typeof json === 'string' ? parse(json) : json, 'the transform')
  const { kind } = saved
  if (kind === 'oneHot') return new OneHot(categories(saved, kind))
  if (kind === 'encoder') return new Encoder(where, columns(saved.columns).map(columnCoder))
  return new Scaling(scaling(saved, kind))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return refuse('the text is no JSON')
  }
}

type Saved = Readonly<Record<string, unknown>>

const record = (value: unknown, name: string): Saved =>
  typeof value === 'object' && value !== null
    ? (value as Saved)
    : refuse(`${name} is ${show(value)}, no object`)

function scaling(saved: Saved, kind: unknown): ScalingJson {
  if (kind === 'standardize') {
    const [mean, deviation] = [numbers(saved, 'mean'), numbers(saved, 'deviation')]
    same(mean, deviation, 'mean and deviation')
    if (!deviation.every(number => number > 0)) refuse('a deviation is not above 0')
    return { kind, mean, deviation }
  }
  if (kind === 'minMax') {
    const [minimum, maximum] = [numbers(saved, 'minimum'), numbers(saved, 'maximum')]
    same(minimum, maximum, 'minimum and maximum')
    if (!minimum.every((least, i) => least <= (maximum[i] as number)))
      refuse('a minimum is above its maximum')
    const { low, high } = saved
    if (!isNumber(low) || !isNumber(high) || low >= high) return refuse('low is not below high')
    return { kind, minimum, maximum, low, high }
  }
  return refuse(`kind is ${show(kind)}`)
}

function columns(saved: unknown): ColumnJson[] {
  if (!Array.isArray(saved) || saved.length === 0) return refuse(`columns are ${show(saved)}`)
  const read = saved.map((item: unknown, i): ColumnJson => {
    const column = record(item, `column ${i}`)
    const { name, kind } = column
    if (typeof name !== 'string') return refuse(`the name of column ${i} is ${show(name)}`)
    if (kind === 'keep') return { name, kind }
    if (kind === 'oneHot' || kind === 'binary') return { name, kind, categories: categories(column, kind) }
    const scaled = scaling(column, kind)
    same(scaled.kind === 'minMax' ? scaled.minimum : scaled.mean, [0], `the numbers of column ${i}`)
    return { name, ...scaled }
  })
  if (new Set(read.map(({ name }) => name)).size < read.length) refuse('two columns have one name')
  return read
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

function numbers(saved: Saved, name: string): number[] {
  const list = saved[name]
  if (Array.isArray(list) && list.length > 0 && list.every(isNumber)) return [...list]
  return refuse(`${name} is not a list of numbers`)
}

function categories(saved: Saved, kind: string): Category[] {
  const list = saved.categories
  const fits = Array.isArray(list) && list.length > 0 && list.every(isCategory)
  if (!fits || new Set(list).size < list.length) return refuse('categories are no list of distinct values')
  if (kind === 'binary' && list.length !== 2) return refuse(`a binary column has ${list.length} categories`)
  return [...list]
}

function same(a: readonly unknown[], b: readonly unknown[], what: string): void {
  if (a.length !== b.length) refuse(`${what} are ${a.length} and ${b.length}, not as many`)
}
