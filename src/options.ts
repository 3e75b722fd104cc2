// Checking what people pass: options by name, type and range.

import type { DType } from './dtype.ts'
import { dtypes } from './dtype.ts'
import { fail, nearest, show } from './errors.ts'
import { normalizeAxes, normalizeAxis } from './shape.ts'

/** Throws `option` unless `options` is a plain object with none but `known` keys. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    fail(
      'option',
      where,
      `options must be an object, not ${show(options)}.`,
      known.length ? `Known: ${known.join(', ')}.` : 'It takes none.',
    )
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const near = nearest(key, known)
    const remedy = near
      ? `Did you mean '${near}'?`
      : known.length
        ? `Known: ${known.join(', ')}.`
        : 'It takes none.'
    fail('option', where, `unknown option '${key}'.`, remedy)
  }
}

/** Where an option stands, for its message, and what it applies to. */
export interface OptionContext {
  readonly where: string
  readonly name: string
  /** Rank of the first tensor of the call. */
  readonly rank: number
}

/** Reads one option: its value, or its default when undefined. Throws `option`, `value` or `axis`. */
export type Option<T> = (value: unknown, context: OptionContext) => T

/** A set of options by name. */
export type Schema = Readonly<Record<string, Option<unknown>>>

/** What a schema reads. */
export type Parsed<S extends Schema> = { readonly [K in keyof S]: S[K] extends Option<infer T> ? T : never }

/** Reads options by a schema, refusing unknown ones. */
export function parseOptions<S extends Schema>(
  where: string,
  options: unknown,
  schema: S,
  rank = 0,
): Parsed<S> {
  checkOptions(where, options, Object.keys(schema))
  const given = options as Record<string, unknown>
  const entries = Object.entries(schema).map(([name, option]) => [
    name,
    option(given[name], { where, name, rank }),
  ])
  return Object.fromEntries(entries) as Parsed<S>
}

/** A range in words. Whole numbers have a largest one that is exact, of which nobody needs to know. */
const bounds = (min: number, max: number): string =>
  max < Number.MAX_SAFE_INTEGER
    ? `in [${min}, ${max}]`
    : `${max === Number.MAX_VALUE ? 'finite, ' : ''}${min} or more`

/** A number in [min, max]; finite ones end at Number.MAX_VALUE. */
export const number =
  (
    fallback: number,
    { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = {},
  ): Option<number> =>
  (value, { where, name }) => {
    if (value === undefined) return fallback
    if (typeof value !== 'number' || Number.isNaN(value))
      fail('option', where, `${name} must be a number, not ${show(value)}.`)
    if (value < min || value > max)
      fail('option', where, `${name} is ${value}; it must be ${bounds(min, max)}.`)
    return value
  }

/** A whole number in [min, max], required unless there is a fallback. */
export const integer =
  (fallback: number | undefined, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}): Option<number> =>
  (value, { where, name }) => {
    const given = value === undefined ? fallback : value
    if (typeof given !== 'number' || !Number.isSafeInteger(given)) {
      fail('option', where, `${name} must be a whole number, not ${show(given)}.`)
    }
    if (given < min || given > max)
      fail('option', where, `${name} is ${given}; it must be ${bounds(min, max)}.`)
    return given
  }

export const boolean =
  (fallback: boolean): Option<boolean> =>
  (value, { where, name }) => {
    if (value === undefined) return fallback
    if (typeof value !== 'boolean')
      fail('option', where, `${name} must be true or false, not ${show(value)}.`)
    return value
  }

/** An option that need not be given. */
export function optional<T>(option: Option<T>): Option<T | undefined> {
  return (value, context) => (value === undefined ? undefined : option(value, context))
}

/** One of a few words or numbers. */
export const oneOf =
  <const T extends string | number>(choices: readonly T[], fallback: T): Option<T> =>
  (value, { where, name }) => {
    if (value === undefined) return fallback
    const found = choices.find(choice => choice === value)
    return (
      found ??
      fail('option', where, `${name} is ${show(value)}.`, `It must be ${choices.map(show).join(', ')}.`)
    )
  }

/** An axis of the first tensor, normalised to [0, rank). */
export const axis =
  (fallback: number): Option<number> =>
  (value, { where, rank }) =>
    normalizeAxis(where, value === undefined ? fallback : value, rank)

/** Axes of the first tensor, normalised and sorted; all of them when not given. */
export const axes: Option<readonly number[]> = (value, { where, rank }) => normalizeAxes(where, value, rank)

/** One axis, or undefined for none given. */
export const optionalAxis = optional(axis(0))

/** A dtype by name. Throws `dtype`. */
export function checkDType(where: string, dtype: unknown): DType {
  if (typeof dtype === 'string' && Object.hasOwn(dtypes, dtype)) return dtype as DType
  fail('dtype', where, `unknown dtype ${show(dtype)}.`, `Known: ${Object.keys(dtypes).join(', ')}.`)
}

/** What an argument may be asked to be. */
type Kind = 'a list' | 'an object' | 'a function' | 'text'

const kindOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'text'
  return (
    value !== null && (typeof value === 'object' ? 'an object' : typeof value === 'function' && 'a function')
  )
}

/** Throws `value` for an argument of another kind. */
export function checkKind(where: string, name: string, value: unknown, kind: Kind, remedy = ''): void {
  if (kindOf(value) !== kind) fail('value', where, `${name} must be ${kind}, not ${show(value)}.`, remedy)
}

/** What is looked at elsewhere. */
export const asGiven = (value: unknown): unknown => value

/** A function that need not be given. */
export function callback<T>(value: unknown, { where, name }: OptionContext): T {
  if (value !== undefined && typeof value !== 'function')
    fail('option', where, `${name} is ${show(value)}, not a function.`)
  return value as T
}

/** The signal of an AbortController, if one is given. */
export function abortSignal(value: unknown, { where }: OptionContext): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value
  return fail('option', where, `signal is ${show(value)}.`, 'Pass the signal of an AbortController.')
}

/** A function that must be given. */
export function required<T>(value: unknown, { where, name }: OptionContext): T {
  if (typeof value !== 'function') fail('option', where, `${name} is ${show(value)}, not a function.`)
  return value as T
}
