// Command lines for people: what is wrong with one is said in a line or two, without a stack.
import { type Command, InvalidArgumentError } from 'commander'
import { nearest } from '../errors.ts'

/** A command line that makes no sense; the message is for people. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Reads the options of `argv`; `--help` prints what there is and gives null. Throws UsageError. */
export function parseOptions<Options extends object>(
  command: Command,
  argv: readonly string[],
): Options | null {
  let errors = ''
  const writeErr = (text: string) => {
    errors += text
  }
  try {
    return command.exitOverride().configureOutput({ writeErr }).parse(argv, { from: 'user' }).opts<Options>()
  } catch (error) {
    if (!(error instanceof Error && 'exitCode' in error)) throw error
    if (error.exitCode === 0) return null
    const what = errors.replace(/^error: /, '').trim()
    throw new UsageError(`${what}\nSee ${command.name()} --help.`)
  }
}

/** Runs `body`, which gives an exit code; errors that say what to do are printed without a stack, and give 1. */
export async function tellingErrors(body: () => Promise<number>): Promise<number> {
  try {
    return await body()
  } catch (error) {
    const forPeople =
      error instanceof UsageError || (error instanceof Error && 'code' in error && error.code !== 'internal')
    if (!forPeople) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

/** Reads a word out of a few; the nearest is suggested for one that is misspelt. */
export function word(known: readonly string[]): (text: string) => string {
  return text => {
    if (known.includes(text)) return text
    const near = nearest(text, known)
    const hint = near ? `Did you mean ${near}? ` : ''
    throw new InvalidArgumentError(`${hint}It must be one of ${known.join(', ')}.`)
  }
}
