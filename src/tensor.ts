// Tensor: the handle people hold on a value, and Parameter, the one handle whose value updates may replace.
import type { DType, HostArray } from './dtype.ts'
import type { Engine } from './engine.ts'
import { fail, show } from './errors.ts'
import { checkKind } from './options.ts'
import type { Shape } from './shape.ts'
import { currentRecording, currentScope, flushAll, inScope, type Value } from './tape.ts'

/** Nested numbers, as deep as a tensor's rank. */
export type NestedArray = number | NestedArray[]

/** An n-dimensional array on an engine. Immutable; its numbers are computed when somebody asks for them. */
export class Tensor {
  /** The value behind the handle. Internal: not part of the public contract. */
  value: Value
  private living = true

  /** Internal: tensors come from creators and ops. */
  constructor(value: Value) {
    this.value = value
    value.addHandle()
    currentScope()?.add(this)
  }

  get shape(): Shape {
    return this.value.shape
  }

  get dtype(): DType {
    return this.value.dtype
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((size, length) => size * length, 1)
  }

  get rank(): number {
    return this.shape.length
  }

  get engine(): Engine {
    return this.value.engine
  }

  /** True after dispose(). */
  get isDisposed(): boolean {
    return !this.living
  }

  /** The value, for an op to read. Internal. Throws `disposed`, and `recording` for a tensor of a finished recording. */
  read(where: string): Value {
    const { value } = this
    if (!this.living) {
      fail(
        'disposed',
        where,
        `a tensor of shape ${show(value.shape)} is used after dispose().`,
        'Dispose it later, or return it from its scope.',
      )
    }
    value.engine.assertAlive(where)
    if (value.recording?.finished) {
      fail(
        'recording',
        where,
        `a tensor of shape ${show(value.shape)} was made inside a compiled function and has no value outside.`,
        'Return it from the function.',
      )
    }
    if (value.holding.freed && !value.available) {
      fail(
        'disposed',
        where,
        `the numbers of a tensor of shape ${show(value.shape)} are gone: it, or what it was computed from, was disposed or overwritten.`,
        'Keep it until the gradient is taken.',
      )
    }
    return value
  }

  /** The numbers as a typed array, row by row: Float32Array, Int32Array, Uint32Array, or Uint8Array for bool. */
  async data(): Promise<HostArray> {
    const value = this.read('data')
    if (currentRecording()) {
      fail(
        'recording',
        'data',
        'a value cannot be read while compile() records the function.',
        'Return the tensor and read it outside.',
      )
    }
    return value.engine.read(value)
  }

  /** The numbers as nested arrays of the tensor's shape; a plain number for a scalar. */
  async array(): Promise<NestedArray> {
    const data = await this.data()
    const nest = (axis: number, offset: number, stride: number): NestedArray => {
      const length = this.shape[axis]
      if (length === undefined) return data[offset] as number
      const step = stride / Math.max(length, 1)
      return Array.from({ length }, (_, i) => nest(axis + 1, offset + i * step, step))
    }
    return nest(0, 0, this.size)
  }

  /** The one number of a tensor of size 1. Throws `shape` for other sizes. */
  async item(): Promise<number> {
    if (this.size !== 1) {
      fail(
        'shape',
        'item',
        `a tensor of shape ${show(this.shape)} has ${this.size} numbers, not one.`,
        'Reduce it, or use data().',
      )
    }
    return (await this.data())[0] as number
  }

  /** Gives the memory back now rather than when the garbage collector finds out. Twice is allowed. */
  dispose(): void {
    if (!this.living) return
    this.living = false
    this.value.dropHandle()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  toString(): string {
    return `Tensor ${this.dtype} ${show(this.shape)}`
  }
}

/** A tensor that update ops may overwrite. Made by `parameter(tensor)`; no scope disposes it. */
export class Parameter extends Tensor {
  /** The parameters whose storages are ranges of this one's: it is their flat arena. Internal. */
  readonly members: Parameter[] = []
  /** The arena whose member it is. Internal. */
  arena: Parameter | null = null

  /** Internal: parameters come from `parameter(tensor)` and from layers. */
  constructor(value: Value) {
    super(value)
    currentScope()?.delete(this)
  }

  /** As any tensor's. An arena goes with the last of its members. */
  override dispose(): void {
    super.dispose()
    if (this.arena?.members.every(member => member.isDisposed)) this.arena.dispose()
  }

  override toString(): string {
    return `Parameter ${this.dtype} ${show(this.shape)}`
  }
}

/** Calls `visit` for each tensor in a value: itself, or in lists, tuples and plain objects. */
export function eachTensor(tree: unknown, visit: (tensor: Tensor) => void): void {
  if (tree instanceof Tensor) visit(tree)
  else if (Array.isArray(tree)) for (const item of tree) eachTensor(item, visit)
  else if (isPlainObject(tree)) for (const item of Object.values(tree)) eachTensor(item, visit)
}

/** The same tree with each tensor replaced. */
export function mapTensors(tree: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  if (tree instanceof Tensor) return replace(tree)
  if (Array.isArray(tree)) return tree.map(item => mapTensors(item, replace))
  if (isPlainObject(tree)) {
    return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, mapTensors(item, replace)]))
  }
  return tree
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** Throws `recording` when a function that must be synchronous returned a promise. */
export function refusePromise(where: string, result: unknown): void {
  if (
    typeof result === 'object' &&
    result !== null &&
    typeof (result as { then?: unknown }).then === 'function'
  ) {
    // The promise's own failure is beside the point here: the error below is what the caller must see.
    ;(result as Promise<unknown>).then(
      () => undefined,
      () => undefined,
    )
    fail(
      'recording',
      where,
      'the function returned a promise; it must be synchronous.',
      'Await before or after it.',
    )
  }
}

/** Runs `body` and disposes every tensor made in it but the ones it returns, which the scope around takes over. Internal. */
export function keepResult<T>(body: () => T): T {
  const { result, created } = inScope(body)
  if (created.size === 0) return result
  const kept = new Set<unknown>()
  eachTensor(result, tensor => kept.add(tensor))
  const outer = currentScope()
  for (const tensor of created) {
    if (kept.has(tensor)) outer?.add(tensor)
    else tensor.dispose()
  }
  return result
}

/**
 * Runs `body` and disposes every tensor made in it but the ones it returns (alone, in a list or in an object).
 * Parameters and optimizer state are never disposed. Throws when `body` returns a promise.
 */
export function scope<T>(body: () => T): T {
  checkKind('scope', 'body', body, 'a function')
  const result = keepResult(() => {
    const returned = body()
    refusePromise('scope', returned)
    return returned
  })
  if (!currentRecording()) flushAll()
  return result
}
