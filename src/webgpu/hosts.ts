// Host numbers on the GPU: asked for before a plan runs, and written in one go.
import { fail, must } from '../errors.ts'
import type { Storage, Workspace } from '../memory.ts'
import { hostSlots, type Plan, type Slot } from '../plan.ts'
import { askHosts, type HostSource } from '../tape.ts'
import { bufferOf, encode } from './bytes.ts'

/** The numbers a plan's host slots have: a block for each run of a job, all written in one go. */
export class HostBlock {
  /** Bytes from one run's block to the next. */
  readonly stride: number
  private readonly slots: readonly Slot[]
  private readonly sources: readonly HostSource[]
  private readonly isChanging: boolean
  private bytes: Uint8Array<ArrayBuffer>
  /** Runs asked for last, runs whose constants are in `bytes`, runs whose block the GPU has. */
  private staged = 0
  private filled = 0
  private written = 0

  constructor(
    plan: Plan,
    private storage: Storage | null,
    private readonly workspace: Workspace,
    /** Most bytes of a binding. */
    private readonly limit: number,
  ) {
    this.slots = hostSlots(plan)
    this.sources = this.slots.map(({ value }) => must(value.host, 'host source'))
    this.stride = storage?.bytes ?? 0
    this.isChanging = this.sources.some(({ evaluate }) => evaluate)
    this.bytes = new Uint8Array(this.stride)
  }

  /** Asks for the numbers of so many runs. True where the slots had to move to a larger storage. */
  stage(times: number): boolean {
    if (!this.storage) return false
    const { storage, stride } = this
    if (times * stride > this.limit) {
      const name = 'maxStorageBufferBindingSize'
      const what = `${times} runs take ${times * stride} bytes of host numbers; the adapter's ${name} is ${this.limit}.`
      fail('limit', 'run', what, 'Run fewer at a time.')
    }
    // All are asked before anything changes: one may throw.
    const numbers = askHosts(this.sources, times)
    const moves = this.bytes.length < times * stride
    if (moves) {
      const capacity = Math.max(
        times,
        Math.min(2 * (this.bytes.length / stride), Math.floor(this.limit / stride)),
      )
      this.bytes = new Uint8Array(capacity * stride)
      this.filled = 0
      this.written = 0
      this.storage = this.workspace.reserve(capacity * stride)
      for (const slot of this.slots) {
        const { offset, bytes } = must(slot.storage, 'host place')
        slot.storage = this.storage.view(offset - storage.offset, bytes)
      }
    }
    numbers.forEach((list, run) => {
      this.slots.forEach(({ value, storage: place }, i) => {
        if (run < this.filled && !this.sources[i]?.evaluate) return
        const start = must(place, 'host place').offset - must(this.storage, 'host block').offset
        this.bytes.set(new Uint8Array(encode(value.dtype, must(list[i], 'numbers'))), run * stride + start)
      })
    })
    this.staged = times
    this.filled = Math.max(this.filled, times)
    return moves
  }

  /** How much further a run's numbers of a storage are than those of the run before: 0 for any but host numbers. */
  strideOf(storage: Storage): number {
    return storage.block === this.storage?.block ? this.stride : 0
  }

  /** Writes what the GPU does not have yet. True where there was something. */
  write(queue: GPUQueue): boolean {
    const { storage, staged } = this
    if (!storage || !(this.isChanging || this.written < staged)) return false
    queue.writeBuffer(bufferOf(storage), storage.offset, this.bytes, 0, staged * this.stride)
    this.written = Math.max(this.written, staged)
    return true
  }
}
