// Memory: blocks of backend memory, the storages cut from them, the pool they return to, and the count of it all.
import { bug } from './errors.ts'

/** A piece of backend memory: a GPUBuffer, or an ArrayBuffer on the CPU. */
export type Block = object

/** Makes and destroys blocks. */
export interface BlockSource {
  createBlock(bytes: number): Block
  destroyBlock(block: Block): void
}

/** A range of a block that holds the numbers of values, shared by reference count. */
export class Storage {
  private references = 1
  /** True when the numbers were moved to another storage: plans that captured this one are made anew. */
  moved = false

  constructor(
    readonly block: Block,
    readonly offset: number,
    readonly bytes: number,
    /** True when update ops may overwrite it: nothing else may alias it past an update. */
    readonly mutable: boolean,
    private readonly onRelease: () => void,
  ) {}

  get isReleased(): boolean {
    return this.references === 0
  }

  retain(): this {
    this.references++
    return this
  }

  release(): void {
    if (--this.references === 0) this.onRelease()
    else if (this.references < 0) bug('storage released twice')
  }

  /** A range of this storage that keeps the whole alive. `offset` is in bytes from its start. */
  slice(offset: number, bytes: number): Storage {
    this.retain()
    return new Storage(this.block, this.offset + offset, bytes, this.mutable, () => this.release())
  }

  /** The same range under no count of its own: valid as long as this storage is. */
  view(offset: number, bytes: number): Storage {
    return new Storage(this.block, this.offset + offset, bytes, this.mutable, () => undefined)
  }
}

/** Storage offsets of GPU bindings must be multiples of this many bytes. */
export const ALIGNMENT = 256

const roundUp = (bytes: number, multiple: number): number =>
  Math.max(1, Math.ceil(bytes / multiple)) * multiple

/** Sizes are rounded so that freed blocks fit again: to 256 bytes when small, else to an eighth of a power of two. */
export function blockSize(bytes: number): number {
  if (bytes <= 4096) return roundUp(bytes, ALIGNMENT)
  return roundUp(bytes, Math.max(ALIGNMENT, 2 ** (Math.floor(Math.log2(bytes)) - 3)))
}

/** What `engine.memory()` reports. */
export interface MemoryReport {
  /** Tensors with a living handle. */
  tensors: number
  /** Bytes of blocks, and of slots for small results, in use. */
  liveBytes: number
  /** Bytes of freed blocks and slots kept for reuse. */
  pooledBytes: number
  /** The most `liveBytes + pooledBytes` has been. */
  peakBytes: number
}

/** Slots of the ring that small results of compiled functions are copied to. */
const RING_SLOTS = 1024

/** Hands out storages, takes them back, and counts. */
export class MemoryManager {
  tensors = 0
  private live = 0
  private pooled = 0
  private peak = 0
  private readonly free = new Map<number, Block[]>()
  private readonly freeSlots: { chunk: Block; offset: number }[] = []

  constructor(
    private readonly source: BlockSource,
    /** Pooled bytes above this are destroyed. */
    private readonly poolLimit = 2 ** 28,
  ) {}

  acquire(bytes: number, mutable = false): Storage {
    const size = blockSize(bytes)
    const pooled = this.free.get(size)?.pop()
    if (pooled) this.pooled -= size
    const block = pooled ?? this.source.createBlock(size)
    this.live += size
    this.peak = Math.max(this.peak, this.live + this.pooled)
    return new Storage(block, 0, bytes, mutable, () => this.recycle(block, size))
  }

  /** A 256-byte place in a shared block, for small results that only copies write. */
  acquireSlot(bytes: number): Storage {
    if (bytes > ALIGNMENT) bug(`${bytes} bytes do not fit a slot`)
    if (this.freeSlots.length === 0) {
      const size = RING_SLOTS * ALIGNMENT
      const chunk = this.source.createBlock(size)
      this.pooled += size
      for (let slot = RING_SLOTS - 1; slot >= 0; slot--)
        this.freeSlots.push({ chunk, offset: slot * ALIGNMENT })
    }
    const slot = this.freeSlots.pop() ?? bug('an empty ring')
    this.pooled -= ALIGNMENT
    this.live += ALIGNMENT
    this.peak = Math.max(this.peak, this.live + this.pooled)
    return new Storage(slot.chunk, slot.offset, bytes, false, () => {
      this.live -= ALIGNMENT
      this.pooled += ALIGNMENT
      this.freeSlots.push(slot)
    })
  }

  /** Destroys pooled blocks. */
  trim(): void {
    for (const blocks of this.free.values()) for (const block of blocks) this.source.destroyBlock(block)
    this.free.clear()
    // The rings stay: their slots may be in use.
    this.pooled = this.freeSlots.length * ALIGNMENT
  }

  report(): MemoryReport {
    return { tensors: this.tensors, liveBytes: this.live, pooledBytes: this.pooled, peakBytes: this.peak }
  }

  private recycle(block: Block, size: number): void {
    this.live -= size
    if (this.pooled + size > this.poolLimit) {
      this.source.destroyBlock(block)
      return
    }
    this.pooled += size
    const blocks = this.free.get(size)
    if (blocks) blocks.push(block)
    else this.free.set(size, [block])
  }
}

/** Blocks of one plan, reused by its values as their lifetimes end. Released as a whole. */
export class Workspace {
  private readonly owned: Storage[] = []
  private readonly free = new Map<number, Storage[]>()

  constructor(private readonly memory: MemoryManager) {}

  /** A storage that a value of the plan may share with others whose lifetimes have ended. */
  acquire(bytes: number): Storage {
    return this.free.get(blockSize(bytes))?.pop() ?? this.reserve(bytes)
  }

  /** A storage that nothing else in the plan ever uses. */
  reserve(bytes: number): Storage {
    // All of the block: whoever has it next may be longer, as long as it rounds to the same size.
    const storage = this.memory.acquire(blockSize(bytes))
    this.owned.push(storage)
    return storage
  }

  /** Marks a storage free for later steps of the plan. */
  recycle(storage: Storage): void {
    const size = blockSize(storage.bytes)
    const list = this.free.get(size)
    if (list) list.push(storage)
    else this.free.set(size, [storage])
  }

  release(): void {
    for (const storage of this.owned) storage.release()
    this.owned.length = 0
    this.free.clear()
  }
}
