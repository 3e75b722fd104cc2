// Fusion of the watch for NaN: products that tell as they store give the flag and the gradients that a look at all of them gives.
import {
  type CompileOptions,
  cast,
  compile,
  type Engine,
  grad,
  matmul,
  nn,
  optim,
  parameter,
  softmaxCrossEntropy,
  sum,
  type Tensor,
  tensor,
  uniform,
} from '../../src/index.ts'
import { finiteUpdate } from '../../src/ops/finite.ts'
import { pack } from '../../src/ops/join.ts'
import { parameterFrom } from '../../src/ops/parameter.ts'
import { firstDifference } from '../../src/proof/compare.ts'
import { variantsOf, withVariant } from '../../src/proof/variants.ts'
import { ensure, same } from './assert.ts'
import { labels } from './rewrite.ts'
import type { Case } from './values.ts'

const [ROWS, INPUTS, OUTPUTS] = [67, 35, 19]

/** Numbers in the last place of a layer's input and of the slopes behind it, in the last two rows, and the loss. */
interface Poison {
  readonly input: number
  readonly slopes: readonly [number, number]
  readonly loss: number
  readonly finite: boolean
}

const POISONS: Readonly<Record<string, Poison>> = {
  nothing: { input: 1, slopes: [1, 1], loss: 1, finite: true },
  'the largest numbers there are': { input: 1, slopes: [3.4e38, -3.4e38], loss: -3.4e38, finite: true },
  'an infinite gradient of the weight': { input: 1e20, slopes: [1e20, 1], loss: 1, finite: false },
  'NaN in the gradient of the weight': { input: Number.NaN, slopes: [1, 1], loss: 1, finite: false },
  'an infinite gradient of the bias': { input: 0, slopes: [3e38, 3e38], loss: 1, finite: false },
  'NaN in both gradients': { input: 1, slopes: [Number.NaN, 1], loss: 1, finite: false },
  'an infinite loss': { input: 1, slopes: [1, 1], loss: Number.NEGATIVE_INFINITY, finite: false },
}

/** The flag and the gradients of a layer, watched. */
async function watched(
  engine: Engine,
  { input, slopes, loss }: Poison,
  fuse: NonNullable<CompileOptions['fuse']>,
): Promise<{ flag: number; gradients: ArrayLike<number>; ops: string[] }> {
  const x = new Array<number>(ROWS * INPUTS).fill(0.5)
  const g = new Array<number>(ROWS * OUTPUTS).fill(0.25)
  slopes.forEach((slope, i) => {
    x[(ROWS - 2 + i + 1) * INPUTS - 1] = input
    g[(ROWS - 2 + i + 1) * OUTPUTS - 1] = slope
  })
  const flag = parameterFrom(tensor(true, { engine }))
  const inputs = [
    tensor(x, { shape: [ROWS, INPUTS], engine }),
    tensor(g, { shape: [ROWS, OUTPUTS], engine }),
    tensor(loss, { engine }),
  ] as const
  const step = compile(
    (x: Tensor, g: Tensor, loss: Tensor) => {
      const gradients = pack([matmul(x, g, { transposeA: true }), sum(g, { axis: 0 })])
      finiteUpdate(flag, loss, gradients)
      return gradients
    },
    { fuse },
  )
  const gradients = step(...inputs)
  const found = {
    flag: await flag.item(),
    gradients: await gradients.data(),
    ops: engine.backend === 'webgpu' ? step.plan(...inputs).kernels.map(({ op }) => op) : [],
  }
  for (const item of [gradients, flag, step, ...inputs]) item.dispose()
  return found
}

export const fusionWatches: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(
    Object.entries(POISONS).map(([what, poison]): [string, Case] => [
      `watches: products tell of ${what}, in every variant`,
      async engine => {
        const single = await watched(engine, poison, false)
        same(single.flag, Number(poison.finite), 'the flag')
        const compare = async (fuse: NonNullable<CompileOptions['fuse']>, where: string): Promise<void> => {
          const fused = await watched(engine, poison, fuse)
          same(fused.flag, single.flag, `${where}: the flag`)
          const largest = poison.slopes.reduce((most, slope) => Math.max(most, Math.abs(slope) || 0), 1)
          // Variants add in other orders.
          const tolerance = { absolute: ROWS * 2 ** -24 * largest, relative: 0 }
          const shape = [single.gradients.length]
          const off = firstDifference(shape, single.gradients, fused.gradients, tolerance)
          ensure(off === null, `${where}: [${off?.index}] is ${off?.actual}, not ${off?.expected}`)
          if (engine.backend === 'webgpu')
            same(
              [...new Set(fused.ops)].sort(),
              ['finiteUpdate', 'matmul+sum+finite'],
              `${where}: ops of the plan`,
            )
        }
        await compare(['joint', 'watches'], 'alone')
        await compare(true, 'with all rules')
        for (const variant of variantsOf(matmul, engine))
          await withVariant(matmul, engine, variant, () => compare(true, variant))
      },
    ]),
  ),

  'watches: a gradient that float16 makes infinite is told of': async engine => {
    if (engine.backend === 'webgpu' && !engine.runner.traits.float16) return
    const w = parameter(tensor([[0.5]], { engine }))
    const finite = parameterFrom(tensor(true, { engine }))
    const optimizer = optim.sgd([w], { learningRate: 0.1 })
    const step = compile((x: Tensor, g: Tensor, loss: Tensor) => {
      const gradient = matmul(cast(x, 'float16'), cast(g, 'float16'), { transposeA: true })
      optimizer.step([gradient], { watch: { loss, finite } })
    })
    const inputs = [300, 300].map(number => tensor([[number], [number]], { engine })) as [Tensor, Tensor]
    step(...inputs, tensor(1, { engine }))
    same([await finite.item(), await w.item()], [0, 0.5], 'the flag and the weight')
    for (const item of [step, optimizer, finite, w, ...inputs]) item.dispose()
  },

  'watches: a step watches for one dispatch more, whatever its layers; other gradients are looked at after':
    async engine => {
      if (engine.backend === 'cpu') return
      const kernelsOf = (build: () => nn.Layer, isWatched: boolean): string[] =>
        engine.use(() => {
          const model = build()
          const optimizer = optim.adam(model.parameters())
          const finite = parameterFrom(tensor(true))
          const step = compile((x: Tensor, y: Tensor) => {
            const loss = softmaxCrossEntropy(model(x, { training: true }), y)
            optimizer.step(grad(loss, model.parameters()), isWatched ? { watch: { loss, finite } } : {})
            return loss
          })
          const { kernels } = step.plan(uniform([33, 12], { seed: 1 }), labels(engine, 33, 5))
          step.dispose()
          return kernels.map(({ op }) => op)
        })
      const builds: (readonly [watching: number, build: () => nn.Layer])[] = [
        [2, () => nn.mlp([12, 16, 5])],
        [3, () => nn.mlp([12, 16, 9, 5], { activation: 'tanh', dropout: 0.5 })],
        [1, () => nn.linear(12, 5, { bias: false })],
        // The gradients of scales and offsets are sums.
        [0, () => nn.mlp([12, 16, 5], { batchNorm: true })],
      ]
      for (const [watching, build] of builds) {
        const [bare, all] = [kernelsOf(build, false), kernelsOf(build, true)]
        same(all.length, bare.length + 1, 'dispatches')
        same(all.filter(op => op.endsWith('+finite')).length, watching, 'products that watch')
      }
    },
}
