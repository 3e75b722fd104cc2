// How values travel between a page and Node.js: JSON in which NaN, the infinities and -0 survive.

interface SpecialNumber {
  $number: string
}

/** A value as JSON, or '' for undefined. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (isSpecial(part) ? special(part) : part)) ?? ''
}

/** The value that `encode` was given. */
export function decode(text: string): unknown {
  if (text === '') return undefined
  return JSON.parse(text, (_, part: unknown) => (isEncoded(part) ? Number(part.$number) : part))
}

function isSpecial(part: unknown): part is number {
  return typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0))
}

function special(part: number): SpecialNumber {
  return { $number: part === 0 ? '-0' : String(part) }
}

function isEncoded(part: unknown): part is SpecialNumber {
  return typeof part === 'object' && part !== null && '$number' in part
}

/** What is kept of an error on its way. */
export interface Failure {
  name: string
  message: string
  stack: string
  code?: unknown
}

/** What became of a call in the page. */
export type Outcome = { value: unknown } | { failure: Failure }

/** Takes down whatever was thrown. */
export function describe(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: `thrown: ${String(error)}`, stack: '' }
  const { name, message, stack = '' } = error
  return { name, message, stack, ...('code' in error && { code: error.code }) }
}
