// Status words: where kernels note an index out of range, and how the next read tells of it.
import { bug, fail } from '../errors.ts'

/** Ops that can meet an index out of range share this many words. */
const WORDS = 64
const NO_OFFENCE = 0xffffffff

/** Bytes of all status words, which travel ahead of the numbers of each read. */
export const STATUS_BYTES = WORDS * 4

/** A word for each op that meets indices: the lowest row where one was out of range. */
export class Status {
  private readonly ops: string[] = []

  constructor(
    private readonly queue: GPUQueue,
    readonly buffer: GPUBuffer,
  ) {
    this.reset()
  }

  /** The word of an op, by name. */
  wordOf(op: string): number {
    const known = this.ops.indexOf(op)
    if (known >= 0) return known
    if (this.ops.length === WORDS) bug('more index ops than status words')
    return this.ops.push(op) - 1
  }

  /** Throws `index` where the words that were read tell of an offence, which is forgotten with that. */
  refuse(words: Uint32Array): void {
    const word = words.findIndex(row => row !== NO_OFFENCE)
    if (word < 0) return
    this.reset()
    fail(
      'index',
      this.ops[word] ?? 'data',
      `an index at row ${words[word]} was out of range.`,
      'Check the labels or indices.',
    )
  }

  private reset(): void {
    this.queue.writeBuffer(this.buffer, 0, new Uint32Array(WORDS).fill(NO_OFFENCE))
  }
}
