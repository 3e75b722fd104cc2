// The counter of WebGPU calls, on stand-ins for the prototypes it wraps.
import { expect, test } from 'vitest'
import { countWebGpu, perStep } from '../../bench/race/counters.ts'

/** A new set of classes for each test: wrapping changes prototypes. */
function fakeWebGpu() {
  class GPUBuffer {
    destroyed = 0
    destroy() {
      this.destroyed++
    }
  }
  class GPUDevice {
    createBuffer(_: { size: number; mappedAtCreation?: boolean }) {
      return new GPUBuffer()
    }
    createBindGroup() {
      return 'bind group'
    }
    createComputePipeline() {
      return 'pipeline'
    }
    createComputePipelineAsync() {
      return Promise.resolve('pipeline')
    }
    createShaderModule() {
      return 'module'
    }
  }
  class GPUQueue {
    submit(_: readonly unknown[]) {}
    writeBuffer(..._: unknown[]) {}
  }
  class GPUCommandEncoder {
    copyBufferToBuffer() {}
  }
  class GPUComputePassEncoder {
    dispatchWorkgroups(..._: number[]) {}
    dispatchWorkgroupsIndirect() {}
  }
  return { GPUBuffer, GPUDevice, GPUQueue, GPUCommandEncoder, GPUComputePassEncoder }
}

test('calls are counted and go through', () => {
  const scope = fakeWebGpu()
  const counter = countWebGpu(scope)
  const device = new scope.GPUDevice()
  expect(device.createBindGroup()).toBe('bind group')
  expect(device.createComputePipeline()).toBe('pipeline')
  device.createComputePipelineAsync()
  device.createShaderModule()
  new scope.GPUQueue().submit([])
  new scope.GPUCommandEncoder().copyBufferToBuffer()
  const pass = new scope.GPUComputePassEncoder()
  pass.dispatchWorkgroups(1, 2)
  pass.dispatchWorkgroupsIndirect()
  expect(counter.counts).toMatchObject({
    dispatches: 2,
    submits: 1,
    bindGroups: 1,
    buffers: 0,
    copies: 1,
    pipelines: 2,
    shaderModules: 1,
  })
})

test('live bytes rise and fall, the peak stays until reset', () => {
  const scope = fakeWebGpu()
  const counter = countWebGpu(scope)
  const device = new scope.GPUDevice()
  const first = device.createBuffer({ size: 100 })
  device.createBuffer({ size: 20, mappedAtCreation: true })
  first.destroy()
  first.destroy()
  expect(first.destroyed).toBe(2)
  expect(counter.liveBytes).toBe(20)
  expect(counter.peakBytes).toBe(120)
  expect(counter.counts).toMatchObject({ buffers: 2, bufferBytes: 120, writes: 1, writeBytes: 20 })
  counter.reset()
  expect(counter.peakBytes).toBe(20)
  expect(counter.counts.buffers).toBe(0)
})

test('a buffer made before the counting does not make live bytes negative', () => {
  const scope = fakeWebGpu()
  const before = new scope.GPUDevice().createBuffer({ size: 8 })
  const counter = countWebGpu(scope)
  before.destroy()
  expect(counter.liveBytes).toBe(0)
})

test('written bytes follow the elements of typed arrays', () => {
  const scope = fakeWebGpu()
  const counter = countWebGpu(scope)
  const queue = new scope.GPUQueue()
  queue.writeBuffer(null, 0, new Float32Array(10))
  queue.writeBuffer(null, 0, new Float32Array(10), 4)
  queue.writeBuffer(null, 0, new Float32Array(10), 4, 2)
  queue.writeBuffer(null, 0, new ArrayBuffer(10), 4, 2)
  expect(counter.counts).toMatchObject({ writes: 4, writeBytes: 40 + 24 + 8 + 2 })
})

test('restore puts the methods back', () => {
  const scope = fakeWebGpu()
  const { submit } = scope.GPUQueue.prototype
  const counter = countWebGpu(scope)
  expect(scope.GPUQueue.prototype.submit).not.toBe(submit)
  counter.restore()
  expect(scope.GPUQueue.prototype.submit).toBe(submit)
  new scope.GPUQueue().submit([])
  expect(counter.counts.submits).toBe(0)
})

test('a step is the counts less those of reads, over the steps', () => {
  const scope = fakeWebGpu()
  const counter = countWebGpu(scope)
  const queue = new scope.GPUQueue()
  const none = counter.counts
  for (let i = 0; i < 6; i++) queue.submit([])
  const all = counter.counts
  expect(perStep(all, { ...none, submits: 3 }, 3).submits).toBe(1)
})
