// Counts what reaches the WebGPU API, by wrapping its prototypes: the same for every library in the page.

/** What was asked of WebGPU. */
export interface Counts {
  dispatches: number
  submits: number
  bindGroups: number
  buffers: number
  bufferBytes: number
  /** writeBuffer, and buffers made to be filled. */
  writes: number
  writeBytes: number
  copies: number
  pipelines: number
  shaderModules: number
}

/** Interfaces of WebGPU, as they lie in the global scope. */
export interface WebGpuScope {
  readonly GPUDevice: { readonly prototype: object }
  readonly GPUQueue: { readonly prototype: object }
  readonly GPUBuffer: { readonly prototype: object }
  readonly GPUCommandEncoder: { readonly prototype: object }
  readonly GPUComputePassEncoder: { readonly prototype: object }
}

export interface Counter {
  readonly counts: Counts
  /** Bytes of buffers made and not destroyed, and the most they have been. */
  readonly liveBytes: number
  readonly peakBytes: number
  /** Sets the counts to 0, and the peak to what lives now. */
  reset(): void
  /** Takes the wrapping off. */
  restore(): void
}

const none = (): Counts => ({
  dispatches: 0,
  submits: 0,
  bindGroups: 0,
  buffers: 0,
  bufferBytes: 0,
  writes: 0,
  writeBytes: 0,
  copies: 0,
  pipelines: 0,
  shaderModules: 0,
})

/** Starts counting. Buffers made before are not known: begin before the libraries do. */
export function countWebGpu(scope: WebGpuScope): Counter {
  const restores: (() => void)[] = []
  const sizes = new WeakMap<object, number>()
  let counts = none()
  let liveBytes = 0
  let peakBytes = 0

  /** Has `count` see each call's arguments, and its result where it wants that. */
  const wrap = (
    owner: { readonly prototype: object },
    method: string,
    count: (args: readonly unknown[], result: unknown, self: object) => void,
  ) => {
    const { prototype } = owner
    const original: unknown = Reflect.get(prototype, method)
    if (typeof original !== 'function') return
    const counted = function (this: object, ...args: unknown[]): unknown {
      const result: unknown = original.apply(this, args)
      count(args, result, this)
      return result
    }
    const inherited = !Object.hasOwn(prototype, method)
    Reflect.set(prototype, method, counted)
    restores.push(() => {
      if (inherited) Reflect.deleteProperty(prototype, method)
      else Reflect.set(prototype, method, original)
    })
  }

  wrap(scope.GPUDevice, 'createBuffer', ([descriptor], buffer) => {
    const { size = 0, mappedAtCreation = false } = descriptor as Partial<GPUBufferDescriptor>
    counts.buffers++
    counts.bufferBytes += size
    if (mappedAtCreation) {
      counts.writes++
      counts.writeBytes += size
    }
    sizes.set(buffer as object, size)
    liveBytes += size
    peakBytes = Math.max(peakBytes, liveBytes)
  })
  wrap(scope.GPUBuffer, 'destroy', (_, __, buffer) => {
    liveBytes -= sizes.get(buffer) ?? 0
    sizes.delete(buffer) // destroyed twice counts once
  })
  wrap(scope.GPUDevice, 'createBindGroup', () => counts.bindGroups++)
  wrap(scope.GPUDevice, 'createComputePipeline', () => counts.pipelines++)
  wrap(scope.GPUDevice, 'createComputePipelineAsync', () => counts.pipelines++)
  wrap(scope.GPUDevice, 'createShaderModule', () => counts.shaderModules++)
  wrap(scope.GPUQueue, 'submit', () => counts.submits++)
  wrap(scope.GPUQueue, 'writeBuffer', args => {
    counts.writes++
    counts.writeBytes += writtenBytes(args)
  })
  wrap(scope.GPUCommandEncoder, 'copyBufferToBuffer', () => counts.copies++)
  wrap(scope.GPUComputePassEncoder, 'dispatchWorkgroups', () => counts.dispatches++)
  wrap(scope.GPUComputePassEncoder, 'dispatchWorkgroupsIndirect', () => counts.dispatches++)

  return {
    get counts() {
      return { ...counts }
    },
    get liveBytes() {
      return liveBytes
    },
    get peakBytes() {
      return peakBytes
    },
    reset: () => {
      counts = none()
      peakBytes = liveBytes
    },
    restore: () => {
      for (const restore of restores.reverse()) restore()
    },
  }
}

/** Bytes of writeBuffer(buffer, offset, data, dataOffset, size): both of the last count elements of a typed array. */
function writtenBytes([, , data, dataOffset = 0, size]: readonly unknown[]): number {
  const { byteLength } = data as ArrayBufferView | ArrayBuffer
  const bytes = (data as { readonly BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1
  return size === undefined ? byteLength - (dataOffset as number) * bytes : (size as number) * bytes
}

/** Counts of one of so many equal steps, less what `besides` counted. */
export function perStep(counts: Counts, besides: Counts, steps: number): Counts {
  const each = none()
  for (const name of Object.keys(each) as (keyof Counts)[])
    each[name] = (counts[name] - besides[name]) / steps
  return each
}
