// Fusion as a whole: networks, updates and random programs give what they give unfused.
import {
  add,
  broadcastTo,
  compile,
  dropout,
  type Engine,
  grad,
  greater,
  matmul,
  mean,
  meanSquaredError,
  mul,
  nn,
  normal,
  optim,
  parameter,
  relu,
  reshape,
  sigmoid,
  sigmoidCrossEntropy,
  silu,
  softmaxCrossEntropy,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  uniform,
  where,
} from '../../src/index.ts'
import { near, same } from './assert.ts'
import { fusionRules } from './fusion_rules.ts'
import { fusionWatches } from './fusion_watches.ts'
import { draw, labels, numbersOf } from './rewrite.ts'
import type { Case } from './values.ts'

/** The losses of five steps of training, and the parameters after them. */
async function train(engine: Engine, build: () => nn.Layer, fuse: boolean): Promise<number[]> {
  return engine.use(async () => {
    const model = build()
    const parameters = model.parameters()
    // The same weights each time.
    parameters.forEach((item, i) => {
      const start = normal(item.shape, { std: 0.3, seed: 100 + i })
      item.assign(start)
      start.dispose()
    })
    const optimizer = optim.adam(parameters, { learningRate: 0.01 })
    const x = uniform([33, 12], { seed: 1 })
    const y = labels(engine, 33, 5)
    const step = compile(
      (x: Tensor, y: Tensor) => {
        const loss = softmaxCrossEntropy(model(x, { training: true }), y)
        optimizer.step(grad(loss, parameters))
        return loss
      },
      { fuse },
    )
    const numbers: number[] = []
    for (let i = 0; i < 5; i++) numbers.push(await step(x, y).item())
    for (const item of [...parameters, ...model.buffers()]) numbers.push(...(await item.data()))
    step.dispose()
    return numbers
  })
}

const ACTIVATIONS = [
  'relu',
  'sigmoid',
  'tanh',
  'gelu',
  'silu',
  'elu',
  'softplus',
  'leakyRelu',
  'selu',
] as const

export const fusion: Readonly<Record<string, Case>> = {
  ...fusionRules,
  ...fusionWatches,

  ...Object.fromEntries(
    ACTIVATIONS.map((activation): [string, Case] => [
      `a network of ${activation} trains as it does unfused`,
      async engine => {
        const build = () => nn.mlp([12, 16, 9, 5], { activation })
        const [single, fused] = [await train(engine, build, false), await train(engine, build, true)]
        near(fused, single, 2e-4, 'losses and parameters')
      },
    ]),
  ),

  'normalised and residual networks train as they do unfused, running statistics too': async engine => {
    const block = () => nn.residual(nn.sequential(nn.linear(16, 16), nn.layerNorm(16), nn.gelu()))
    const builds = [
      () => nn.mlp([12, 16, 9, 5], { batchNorm: true }),
      () => nn.sequential(nn.linear(12, 16), block(), nn.batchNorm(16), nn.tanh(), nn.linear(16, 5)),
    ]
    for (const build of builds) {
      const [single, fused] = [await train(engine, build, false), await train(engine, build, true)]
      near(fused, single, 2e-4, 'losses, parameters and buffers')
    }
  },

  'batch norm adds six dispatches to a training step, layer norm five': async engine => {
    if (engine.backend === 'cpu') return
    const dispatchesOf = (...norms: readonly nn.Layer[]): number => {
      const model = nn.sequential(nn.linear(12, 16), ...norms, nn.relu(), nn.linear(16, 5))
      const optimizer = optim.sgd(model.parameters())
      const step = compile((x: Tensor, y: Tensor) => {
        const loss = softmaxCrossEntropy(model(x, { training: true }), y)
        optimizer.step(grad(loss, model.parameters()))
        return loss
      })
      const { dispatches } = step.plan(uniform([33, 12], { seed: 1 }), labels(engine, 33, 5))
      step.dispose()
      return dispatches
    }
    engine.use(() => {
      const bare = dispatchesOf()
      // Statistics with what they normalise, the running ones, scale with offset and activation; three for the slopes.
      same(dispatchesOf(nn.batchNorm(16)) - bare, 6, 'batch norm')
      same(dispatchesOf(nn.layerNorm(16)) - bare, 5, 'layer norm')
    })
  },

  'a plan’s updates stay between what reads before them and what reads after': async engine => {
    const w = parameter(tensor([1, 2, 3], { engine }))
    const step = compile((x: Tensor) => {
      const before = relu(mul(w, x))
      w.assign(add(mul(w, 2), 1))
      const after = relu(mul(w, x))
      return [before, after, add(before, after)]
    })
    const x = tensor([1, 10, 100], { engine })
    const results = await Promise.all(step(x).map(result => result.array()))
    same(
      results,
      [
        [1, 20, 300],
        [3, 50, 700],
        [4, 70, 1000],
      ],
      'before, after, and both',
    )
    step.dispose()
  },

  'losses of elements train as they do unfused': async engine => {
    for (const loss of [sigmoidCrossEntropy, meanSquaredError]) {
      const run = async (fuse: boolean): Promise<number[]> => {
        const w = parameter(tensor([[0.5], [-0.25]], { engine }))
        const x = uniform([17, 2], { seed: 5, engine })
        const y = uniform([17, 1], { seed: 6, engine })
        const optimizer = optim.sgd([w], { learningRate: 0.1 })
        const step = compile(
          (x: Tensor, y: Tensor) => {
            const value = loss(silu(matmul(x, w)), y)
            optimizer.step(grad(value, [w]))
            return value
          },
          { fuse },
        )
        const numbers: number[] = []
        for (let i = 0; i < 5; i++) numbers.push(await step(x, y).item())
        step.dispose()
        return [...numbers, ...(await w.data())]
      }
      near(await run(true), await run(false), 1e-5, 'losses and weights')
    }
  },

  'forty random programs give what they give unfused': async engine => {
    for (let seed = 1; seed <= 40; seed++) {
      const inputs = draw(engine, [5, 7], [5, 7], [7], [5, 1], [7, 7], [])
      const fn = (...tensors: Tensor[]) => randomProgram(seed, tensors)
      const [single, fused] = [await numbersOf(fn, inputs, false), await numbersOf(fn, inputs, true)]
      single.forEach(({ numbers }, i) => {
        const largest = Math.max(1, ...Array.from(numbers, Math.abs))
        near(fused[i]?.numbers ?? [], numbers, 1e-4 * largest, `program ${seed}, output ${i}`)
      })
      for (const input of inputs) input.dispose()
    }
  },
}

/** A program of thirty ops over what came before, three of its results returned. Bounded functions keep numbers small. */
function randomProgram(seed: number, inputs: readonly Tensor[]): Tensor[] {
  let state = seed * 2654435761
  const pick = (count: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % count
  }
  const known = [...inputs]
  const any = (): Tensor => known[pick(known.length)] as Tensor
  const wide = (): Tensor => {
    const found = known.filter(({ shape }) => shape.length === 2 && shape[0] === 5 && shape[1] === 7)
    return found[pick(found.length)] as Tensor
  }
  const makers: (() => Tensor)[] = [
    () => add(wide(), any7(known, pick)),
    () => mul(tanh(wide()), any7(known, pick)),
    () => sub(any7(known, pick), wide()),
    () => relu(wide()),
    () => sigmoid(wide()),
    () => where(greater(wide(), any7(known, pick)), wide(), 0.5),
    () => matmul(tanh(wide()), inputs[4] as Tensor),
    () => matmul(wide(), inputs[4] as Tensor, { transposeB: true }),
    () => matmul(tanh(wide()), tanh(wide()), { transposeA: true }),
    () => sum(tanh(wide()), { axis: 0 }),
    () => mean(wide(), { axis: 1, keepDims: true }),
    () => broadcastTo(mean(square(tanh(wide()))), [5, 7]),
    () => reshape(tanh(wide()), [5, 7]),
    () => dropout(wide(), { probability: 0.5, seed: pick(100) }),
    () => tanh(any()),
  ]
  for (let i = 0; i < 30; i++) known.push((makers[pick(makers.length)] as () => Tensor)())
  return [0, 1, 2].map(back => known[known.length - 1 - back * pick(4)] as Tensor)
}

/** A tensor that broadcasts to [5, 7]. */
function any7(known: readonly Tensor[], pick: (count: number) => number): Tensor {
  const found = known.filter(
    ({ shape }) =>
      !(shape.length === 2 && shape[0] === 7) &&
      (shape.at(-1) === 7 || shape.at(-1) === 1 || shape.length === 0),
  )
  return found[pick(found.length)] as Tensor
}
