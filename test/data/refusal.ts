// What a call throws, as text to match.
import { RetrogradError } from '../../src/index.ts'

const told = (error: unknown): string => {
  if (error instanceof RetrogradError) return `${error.code} ${error.message}`
  throw error
}

/** The code and message of what a call throws. */
export function refusal(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return told(error)
  }
  throw new Error('nothing was thrown')
}

/** The code and message of what a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return told(error)
  }
  throw new Error('nothing was thrown')
}
