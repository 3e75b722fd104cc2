// Mixed precision: the loss scale's states, steps it skips to the bit, and float16 networks with float32 parameters.
import {
  add,
  cast,
  compile,
  type Engine,
  grad,
  mean,
  mul,
  nn,
  normal,
  optim,
  type Parameter,
  parameter,
  scope,
  softmaxCrossEntropy,
  sum,
  type Tensor,
  tensor,
  uniform,
} from '../../src/index.ts'
import { ensure, near, refuses, same } from './assert.ts'
import { updates } from './updates.ts'
import type { Case } from './values.ts'

/** Every optimizer, each with the state it can have. */
const optimizers: Readonly<Record<string, (parameters: readonly Parameter[]) => optim.Optimizer>> = {
  sgd: parameters => optim.sgd(parameters, { learningRate: 0.25, weightDecay: 0.5 }),
  momentum: parameters => optim.sgd(parameters, { learningRate: 0.25, momentum: 0.5, nesterov: true }),
  adam: parameters => optim.adam(parameters, { learningRate: 0.25 }),
}

/** The bits of floats: −0, NaN and subnormal numbers are told apart. */
async function bitsOf(tensors: readonly Tensor[]): Promise<number[][]> {
  const numbers = await Promise.all(tensors.map(item => item.data()))
  return numbers.map(list => Array.from(new Uint32Array(Float32Array.from(list).buffer)))
}

/** Two parameters of odd sizes, one with a negative zero and a number below the normal ones. */
const twoParameters = (engine: Engine): Parameter[] =>
  [
    [1, -0, 1e-40, -2, 3],
    [0.5, 0.25, -0.125],
  ].map(values => parameter(tensor(values, { engine })))

/** Steps of a loss whose gradients are the numbers put in, so that any can be made what a test wants. */
function stepper(
  parameters: readonly Parameter[],
  optimizer: optim.Optimizer,
  scale: optim.LossScale | null,
  isCompiled: boolean,
): (...gradients: readonly Tensor[]) => void {
  const step = (gradients: readonly Tensor[]): void => {
    const products = parameters.map((w, i) => sum(mul(w, gradients[i] as Tensor)))
    const loss = products.reduce((total, product) => add(total, product))
    optimizer.step(grad(scale ? scale.apply(loss) : loss, parameters), scale ? { scale } : {})
  }
  const compiled = isCompiled ? compile((list: readonly Tensor[]) => step(list)) : step
  return (...gradients) => scope(() => compiled(gradients))
}

/** Gradients of the two parameters, one element of the second as given. */
const gradientsOf = (engine: Engine, odd: number): Tensor[] => [
  tensor([1, 0, 0.5, -1, 2], { engine }),
  tensor([0.25, odd, -1], { engine }),
]

const stateMachine: Case = async engine => {
  const parameters = twoParameters(engine)
  const scale = optim.lossScale({ initial: 8, growthInterval: 3, growthFactor: 4, engine })
  const step = stepper(parameters, optim.sgd(parameters), scale, true)
  const [good, bad] = [gradientsOf(engine, 1), gradientsOf(engine, Number.POSITIVE_INFINITY)]
  const scales: number[] = []
  for (const gradients of [good, good, good, good, bad, good, good, bad, bad, good, good, good]) {
    step(...gradients)
    scales.push(await scale.value())
  }
  same(scales, [8, 8, 32, 32, 16, 16, 16, 8, 4, 4, 4, 16], 'scales after each step')
  same(await scale.state().tensors.streak.item(), 0, 'the streak after it grew')
  step(...good)
  same(await scale.state().tensors.streak.item(), 1, 'the streak after a step')
}

/** The scale's ends: it neither overflows nor vanishes. */
const ends: Case = async engine => {
  const parameters = twoParameters(engine)
  const high = optim.lossScale({ initial: 2 ** 127, growthInterval: 1, engine })
  const tiny = [tensor([0, 0, 0, 0, 0], { engine }), tensor([2 ** -100, 0, 0], { engine })]
  stepper(parameters, optim.sgd(parameters), high, true)(...tiny)
  same(await high.value(), 2 ** 127, 'a scale that cannot grow')
  const low = optim.lossScale({ initial: 2 ** -125, growthInterval: 1, engine })
  const step = stepper(parameters, optim.sgd(parameters), low, true)
  const bad = gradientsOf(engine, Number.NaN)
  for (let i = 0; i < 3; i++) step(...bad)
  same(await low.value(), 2 ** -126, 'the smallest scale')
  step(...tiny)
  same(await low.value(), 2 ** -125, 'the smallest scale, grown')
}

function skips(name: string, isCompiled: boolean): Case {
  return async engine => {
    const odd = { infinity: Number.POSITIVE_INFINITY, NaN: Number.NaN, overflow: 2 ** 120 }
    for (const [what, number] of Object.entries(odd)) {
      const parameters = twoParameters(engine)
      const optimizer = optimizers[name]?.(parameters) as optim.Optimizer
      const scale = optim.lossScale({ engine })
      const step = stepper(parameters, optimizer, scale, isCompiled)
      const [good, bad] = [gradientsOf(engine, 1), gradientsOf(engine, number)]
      const everything = () => bitsOf([...parameters, ...Object.values(optimizer.state().tensors)])
      for (const round of ['first', 'second']) {
        const before = await everything()
        step(...bad)
        same(await everything(), before, `${what}: bits after the ${round} skipped step`)
        step(...good)
        const after = await everything()
        ensure(
          JSON.stringify(after) !== JSON.stringify(before),
          `${what}: the ${round} good step does something`,
        )
      }
      const numbers = (await Promise.all(parameters.map(item => item.data()))).flatMap(list => [...list])
      ensure(numbers.every(Number.isFinite), `${what}: parameters ${numbers} are finite`)
      same(await scale.value(), 2 ** 14, `${what}: the scale`)
    }
  }
}

/** Losses of 20 steps of training, and the parameters after them, with a loss scale or without. */
async function train(
  engine: Engine,
  build: (parameters: readonly Parameter[]) => optim.Optimizer,
  scale: optim.LossScale | null,
  dtype: 'float32' | 'float16' = 'float32',
): Promise<number[]> {
  return engine.use(async () => {
    const model = nn.mlp([12, 16, 5], { activation: 'tanh' })
    const parameters = model.parameters()
    parameters.forEach((item, i) => {
      const start = normal(item.shape, { std: 0.3, seed: 100 + i })
      item.assign(start)
      start.dispose()
    })
    const optimizer = build(parameters)
    const x = uniform([33, 12], { seed: 1 })
    const y = tensor(
      Array.from({ length: 33 }, (_, i) => (i * 7) % 5),
      { dtype: 'int32' },
    )
    const step = compile((x: Tensor, y: Tensor) => {
      const logits = model(cast(x, dtype))
      const loss = softmaxCrossEntropy(cast(logits, 'float32'), y)
      optimizer.step(grad(scale ? scale.apply(loss) : loss, parameters), scale ? { scale } : {})
      return loss
    })
    const numbers: number[] = []
    for (let i = 0; i < 20; i++) numbers.push(await step(x, y).item())
    for (const item of parameters) numbers.push(...(await item.data()))
    step.dispose()
    return numbers
  })
}

export const scaling: Readonly<Record<string, Case>> = {
  'a loss scale grows, backs off and recovers': stateMachine,
  'a loss scale neither overflows nor vanishes': ends,
  ...Object.fromEntries(
    Object.keys(optimizers).flatMap(name => [
      [`${name}: a step with a gradient that is not finite leaves every bit`, skips(name, true)],
      [`${name}: the same step by step`, skips(name, false)],
    ]),
  ),

  'training with a scaled loss is training': async engine => {
    for (const [name, build] of Object.entries(optimizers)) {
      const scale = optim.lossScale({ growthInterval: 7, engine })
      const [plain, scaled] = [await train(engine, build, null), await train(engine, build, scale)]
      same(await scale.value(), 2 ** 18, `${name}: the scale`)
      // Powers of two pass through every sum and product unrounded. Divisions may be off by 2.5 units in the last place
      // in each of 20 steps of at most 0.25; Adam's direction is twice as sensitive.
      const tolerance = engine.backend === 'cpu' ? 0 : 20 * 0.25 * 2 * 2.5 * 2 ** -23
      near(scaled, plain, tolerance, `${name}: losses and parameters`)
    }
  },

  'a layer computes in the dtype of its input, and its parameters keep theirs': async engine => {
    await engine.use(async () => {
      const model = nn.mlp([4, 3, 2])
      const x = tensor([[1, 2, 3, 4]])
      if (!engine.runner.traits.float16) {
        await refuses('unsupported', () => cast(x, 'float16'))
        return
      }
      const y = model(cast(x, 'float16'))
      same(y.dtype, 'float16', 'dtype of the output')
      near(await y.data(), await model(x).data(), 0.02, 'the output')
      const gradients = grad(mean(cast(y, 'float32')), model.parameters(), { allowUnused: true })
      same([...new Set(gradients.map(({ dtype }) => dtype))], ['float32'], 'dtypes of the gradients')
      await refuses('dtype', () => model(tensor([[1, 2, 3, 4]], { dtype: 'int32' })))
    })
  },

  'a float16 network trains, from a scale that overflows': async engine => {
    if (!engine.runner.traits.float16) return
    const build = (parameters: readonly Parameter[]) => optim.adam(parameters, { learningRate: 0.02 })
    // 2²⁴ times the slopes of a mean over 33 rows is beyond 65504: the first steps are skipped.
    const scale = optim.lossScale({ initial: 2 ** 24, engine })
    const [single, mixed] = [await train(engine, build, null), await train(engine, build, scale, 'float16')]
    const found = await scale.value()
    ensure(found >= 2 ** 10 && found <= 2 ** 22, `the scale is ${found}`)
    ensure(mixed.every(Number.isFinite), 'losses and parameters are finite')
    const [first, last] = [mixed[0] as number, mixed[19] as number]
    near([first], [single[0] as number], 5e-3, 'the first loss')
    ensure(last < 0.9 * first, `the loss falls from ${first} to ${last}`)
  },

  'what a loss scale refuses': async engine => {
    const parameters = twoParameters(engine)
    const [optimizer, other] = [optim.sgd(parameters), optim.sgd([parameter(tensor([1], { engine }))])]
    const gradients = gradientsOf(engine, 1)
    const scale = optim.lossScale({ engine })
    await refuses('value', () => optimizer.step(gradients, { scale }))
    scale.apply(tensor(1, { engine }))
    optimizer.step(gradients, { scale })
    await refuses('value', () => other.step([tensor([1], { engine })], { scale }))
    await refuses('option', () => optimizer.step(gradients, { scale: 2 as unknown as optim.LossScale }))
    await refuses('option', () => optimizer.step(gradients, { scales: scale } as object))
    await refuses('option', () => optim.lossScale({ growthInterval: 0, engine }))
    await refuses('option', () => optim.lossScale({ backoffFactor: 2, engine }))
    if (engine.runner.traits.float16)
      await refuses('dtype', () => scale.apply(tensor(1, { dtype: 'float16', engine })))
  },

  ...updates,
}
