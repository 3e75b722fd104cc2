// The one error class people catch, and the helper that words its messages.

/**
 * What went wrong, stable across releases; `error.code` is one of these:
 *
 * - `shape`: shapes that do not match, broadcast or fit the values
 * - `dtype`: a dtype an op does not take, or two that differ
 * - `axis`: an axis that is fractional, out of range or named twice
 * - `value`: an argument of the right type with a value that makes no sense
 * - `index`: a class id or index outside its range
 * - `option`: an option that is unknown, misspelt or of the wrong type
 * - `disposed`: a tensor, engine or compiled function used after dispose()
 * - `engine`: tensors of two engines in one op, or no engine at all
 * - `limit`: more than the adapter allows
 * - `gradient`: a gradient that does not exist
 * - `recording`: something compile(fn) cannot record
 * - `unsupported`: no WebGPU, no such feature on this adapter
 * - `lost`: the GPU device went away
 * - `internal`: a bug of ours
 */
export type ErrorCode =
  | 'shape'
  | 'dtype'
  | 'axis'
  | 'value'
  | 'index'
  | 'option'
  | 'disposed'
  | 'engine'
  | 'limit'
  | 'gradient'
  | 'recording'
  | 'unsupported'
  | 'lost'
  | 'internal'

/** Every error retrograd throws on purpose: `[op] what is wrong, with shapes and values. What to do.` */
export class RetrogradError extends Error {
  override readonly name = 'RetrogradError'
  readonly code: ErrorCode
  /** Of the message, what is wrong. */
  readonly what: string
  /** Of the message, what to do; empty where it does not say. */
  readonly remedy: string

  constructor(
    code: ErrorCode,
    message: string,
    { what = message, remedy = '', ...options }: ErrorOptions & { what?: string; remedy?: string } = {},
  ) {
    super(message, options)
    this.code = code
    this.what = what
    this.remedy = remedy
  }
}

/** Throws a RetrogradError. `what` ends with a full stop; `remedy` says what to do. */
export function fail(code: ErrorCode, where: string, what: string, remedy = ''): never {
  throw new RetrogradError(code, `[${where}] ${what}${remedy ? ` ${remedy}` : ''}`, { what, remedy })
}

/** Reports a broken invariant of our own. */
export function bug(what: string): never {
  throw new RetrogradError('internal', `internal: ${what}. Please report this.`)
}

/** The value, or a bug where an invariant says it exists. */
export function must<T>(value: T | null | undefined, what: string): T {
  return value ?? bug(`missing ${what}`)
}

const ITEMS_SHOWN = 8
const LETTERS_SHOWN = 200

/** Prints a shape, a list or a value as messages show it: of what is long, the beginning. */
export function show(value: unknown): string {
  if (Array.isArray(value)) {
    const rest = value.length > ITEMS_SHOWN ? `, … ${value.length} in all` : ''
    return `[${value.slice(0, ITEMS_SHOWN).map(show).join(', ')}${rest}]`
  }
  if (typeof value === 'string')
    return `'${value.slice(0, LETTERS_SHOWN)}${value.length > LETTERS_SHOWN ? '…' : ''}'`
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'object'
  return String(value)
}

/** Of `known` what a word means: its initials (lr: learningRate), its beginning, or the nearest spelling; else null. */
export function nearest(word: string, known: readonly string[]): string | null {
  const typed = word.toLowerCase()
  const initialsOf = (name: string) => name.replace(/(?<=.)[^A-Z]/g, '').toLowerCase()
  const begun = known.find(
    name =>
      (typed.length > 1 && initialsOf(name) === typed) ||
      (typed.length > 2 && name.toLowerCase().startsWith(typed)),
  )
  const [near] = known
    .map(name => ({ name, distance: editDistance(typed, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.ceil(word.length / 3)))
    .sort((a, b) => a.distance - b.distance)
  return begun ?? near?.name ?? null
}

/** Letters to put in, leave out, change or swap with their neighbours. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = isSwap ? (before[j - 2] ?? 0) + 1 : substitution
      next.push(Math.min(substitution, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
