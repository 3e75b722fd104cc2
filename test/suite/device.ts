// Mechanism on a GPU device: what reaches the WebGPU API, and how failures of it come out.

import {
  add,
  compile,
  defineOp,
  type Engine,
  grad,
  init,
  mean,
  mul,
  nn,
  optim,
  parameter,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts'
import { shader } from '../../src/kernel.ts'
import type { WebGpuBackend } from '../../src/webgpu/backend.ts'
import { ensure, refuses, same } from './assert.ts'

type Counts = Record<string, number>

/** Counts calls of the WebGPU API that make or submit something, until `restore`. */
function countCalls(device: GPUDevice): { counts: Counts; restore: () => void } {
  const counts: Counts = {}
  const restores: (() => void)[] = []
  const wrap = <T extends object>(target: T, names: readonly (keyof T & string)[]) => {
    for (const name of names) {
      const original = target[name] as (...args: unknown[]) => unknown
      counts[name] = 0
      Object.defineProperty(target, name, {
        configurable: true,
        value: (...args: unknown[]) => {
          counts[name] = (counts[name] ?? 0) + 1
          return original.apply(target, args)
        },
      })
      restores.push(() => Reflect.deleteProperty(target, name))
    }
  }
  wrap(device, [
    'createBuffer',
    'createBindGroup',
    'createComputePipeline',
    'createShaderModule',
    'createCommandEncoder',
  ])
  wrap(device.queue, ['submit', 'writeBuffer'])
  return {
    counts,
    restore: () => {
      for (const restore of restores) restore()
    },
  }
}

async function withEngine(
  gpu: GPU,
  body: (engine: Engine, device: GPUDevice) => Promise<void>,
): Promise<void> {
  const engine = await init({ backend: 'webgpu', gpu })
  try {
    await body(engine, (engine.runner as WebGpuBackend).device)
  } finally {
    engine.dispose()
  }
}

const BROKEN =
  '// broken.wgsl: does not compile.\nstruct Params {\n  size: u32,\n}\n@compute @workgroup_size(1)\nfn main() { let x: u32 = 1.5; }'

export const device: Readonly<Record<string, (gpu: GPU) => Promise<void>>> = {
  'a compiled step makes one submit and one write, and nothing else': gpu =>
    withEngine(gpu, async (engine, device) => {
      const w = parameter(
        tensor(
          [
            [0.1, 0.2],
            [0.3, 0.4],
          ],
          { engine },
        ),
      )
      const optimizer = optim.adam([w])
      const step = compile((x: Tensor, y: Tensor) => {
        const loss = mean(square(sub(sum(mul(x, w), { axis: 1 }), y)))
        optimizer.step(grad(loss, [w]))
        return loss
      })
      const [x, y] = [tensor([1, 2], { engine }), tensor([1, 0], { engine })]
      step(x, y)
      await engine.idle()
      const { counts, restore } = countCalls(device)
      for (let i = 0; i < 100; i++) step(x, y)
      restore()
      same(
        counts,
        {
          createBuffer: 0,
          createBindGroup: 0,
          createComputePipeline: 0,
          createShaderModule: 0,
          createCommandEncoder: 100,
          submit: 100,
          writeBuffer: 100,
        },
        'calls in 100 steps',
      )
    }),

  'a tensor needing more than 65,535 workgroups is whole': gpu =>
    withEngine(gpu, async engine => {
      const size = 65_535 * 64 + 67
      const ramp = add(zeros([size], { engine }), 1)
      const numbers = await ramp.data()
      ensure(
        numbers.every(value => value === 1),
        `element ${numbers.findIndex(value => value !== 1)} is not 1`,
      )
      same(await sum(ramp).item(), size, 'the sum')
    }),

  'a tensor larger than the limits is refused by name, and the engine lives': gpu =>
    withEngine(gpu, async engine => {
      const limit = engine.adapter.limits.maxStorageBufferBindingSize as number
      const error = await refuses('limit', () => zeros([limit / 4 + 1], { engine }))
      for (const part of ['maxStorageBufferBindingSize', String(limit), String(limit / 4 + 1)]) {
        ensure(error.message.includes(part), `${part} in: ${error.message}`)
      }
      // Their parameters are filled rather than computed.
      await refuses('limit', () => nn.batchNorm(limit / 4 + 1))
      same(await add(tensor([1], { engine }), 1).array(), [2], 'the engine afterwards')
    }),

  'a kernel that does not compile is told by file and line': gpu =>
    withEngine(gpu, async engine => {
      const broken = defineOp<object, [x: Tensor]>({
        name: 'broken',
        family: 'test',
        parse: x => ({ inputs: [x], attributes: {} }),
        infer: ([x]) => x as NonNullable<typeof x>,
        reference: () => undefined,
        kernel: {
          variants: ['only'],
          program: () => ({
            dispatches: [
              {
                source: { skeleton: shader(BROKEN), types: {} },
                bindings: [],
                params: { size: 1 },
                workgroups: 1,
              },
            ],
          }),
        },
        gradient: 'none',
        samples: [],
        tolerance: () => ({ absolute: 0, relative: 0 }),
      })
      const error = await refuses('internal', async () => {
        const y = broken(tensor([1], { engine }))
        await y.data()
        await y.data()
      })
      ensure(error.message.includes('broken.wgsl:6'), error.message)
    }),

  'a lost device is told': gpu =>
    withEngine(gpu, async (engine, device) => {
      const x = tensor([1], { engine })
      device.destroy()
      await device.lost
      await refuses('lost', () => add(x, 1))
    }),

  'a device of yours serves': async gpu => {
    const own = await (await gpu.requestAdapter())?.requestDevice()
    if (!own) throw new Error('no device')
    const engine = await init({ backend: 'webgpu', device: own })
    same(await mul(tensor([1, 2], { engine }), 2).array(), [2, 4], 'a result')
    engine.dispose()
  },
}
