// Update kernels that compute the gradient as they read it, against the same with the gradient computed beforehand.
import {
  add,
  cast,
  clip,
  compile,
  div,
  type Engine,
  init,
  mul,
  optim,
  type Parameter,
  parameter,
  type Tensor,
  tensor,
  uniform,
} from '../../src/index.ts'
import { filledParameter } from '../../src/ops/parameter.ts'
import {
  adagradUpdate,
  adamUpdate,
  centeredRmspropMomentumUpdate,
  momentumUpdate,
  rmspropMomentumUpdate,
  rmspropUpdate,
  sgdUpdate,
} from '../../src/ops/update.ts'
import type { Settings, Update } from '../../src/ops/update_entry.ts'
import { ensure, near, same } from './assert.ts'
import type { Case } from './values.ts'

/** Gradients as expressions of what is given: all are computed where the update reads them. */
const expressions: Readonly<Record<string, (g: Tensor, other: Tensor, one: Tensor, n: Tensor) => Tensor>> = {
  unscaled: (g, _other, one) => div(g, one),
  'clipped by value': g => clip(g, { min: -0.5, max: 0.5 }),
  'with a penalty': (g, other) => add(g, mul(other, 0.01)),
  'of four operands': (g, other, one, n) => add(mul(add(g, other), one), cast(n, 'float32')),
}

const STRAIGHT = { weightDecay: 0.25, decay: 0, threshold: 0, rate: 0.5 }
const VELOCITY = { ...STRAIGHT, momentum: 0.5, share: 0.5, direct: 0.5 }
const MEAN = { alpha: 0.5, rest: 0.5, epsilon: 1e-8 }

/** Settings as the kernel reads them. */
const listed = <Name extends string>(update: Update<Name>, settings: Settings<Name>): number[] =>
  update.settings.map(name => settings[name])

/** An update fed with an expression, against the same with that computed beforehand. */
function fusedUpdate<Name extends string>(update: Update<Name>, settings: Settings<Name>): Case {
  const { name } = update.definition
  const states = update.states.length
  return async engine => {
    for (const size of [1, 67, 1000])
      for (const [what, expression] of Object.entries(expressions)) {
        const draw = (seed: number) => uniform([size], { low: 0.25, high: 1, seed, engine })
        const run = async (fuse: boolean): Promise<{ numbers: number[]; ops: string[] }> => {
          const owned = Array.from({ length: states + 1 }, (_, i) => parameter(draw(i)))
          const [g, other, numbers] = [draw(10), draw(11), tensor(listed(update, settings), { engine })]
          const one = tensor(3, { engine })
          const n = tensor(
            Array.from({ length: size }, (_, i) => (i % 3) - 1),
            { dtype: 'int32', engine },
          )
          const step = compile(
            (g: Tensor, other: Tensor, one: Tensor, n: Tensor) => {
              const [p, ...rest] = owned as [Parameter, ...Parameter[]]
              update(p, expression(g, other, one, n), ...rest, numbers)
            },
            { fuse },
          )
          const ops = step.plan(g, other, one, n).kernels.map(({ op }) => op)
          step(g, other, one, n)
          const results = await Promise.all(owned.map(item => item.data()))
          step.dispose()
          return { numbers: results.flatMap(list => [...list]), ops }
        }
        const [single, fused] = [await run(false), await run(true)]
        // Five products and sums may be contracted otherwise; what comes out is at most 4.
        near(fused.numbers, single.numbers, 5 * 4 * 2 ** -24, `${what}, ${size} parameters`)
        // What does not fit into eight buffers stays apart.
        const fits = what !== 'of four operands' || states < 2
        if (engine.backend === 'webgpu' && fits) {
          same(fused.ops.length, 1, `${what}: dispatches`)
          ensure(fused.ops[0]?.endsWith(name) === true, `${what}: ${fused.ops}`)
        }
      }
  }
}

/** Three steps of Adam on parameters of two groups, their gradients clipped. */
async function clippedSteps(
  engine: Engine,
  kind: string,
): Promise<{ numbers: number[]; dispatches: number }> {
  const draw = (seed: number): Tensor[] =>
    [[9, 37], [5], [1]].map((shape, i) => uniform(shape, { low: -1, high: 1, seed: seed + i, engine }))
  const parameters = draw(1).map(x => parameter(x))
  const optimizer = optim.adam(parameters, {
    learningRate: 0.1,
    weightDecay: 0.1,
    l1: 0.01,
    clip: { [kind]: 0.5 },
  })
  const step = compile((gradients: readonly Tensor[]) => {
    optimizer.step(gradients)
  })
  for (const seed of [10, 20, 30]) step(draw(seed))
  const numbers = await Promise.all(parameters.map(x => x.data()))
  const { dispatches } = step.plan(draw(10))
  step.dispose()
  return { numbers: numbers.flatMap(list => [...list]), dispatches }
}

export const updates: Readonly<Record<string, Case>> = {
  'sgd reads expressions as gradients': fusedUpdate(sgdUpdate, STRAIGHT),
  'momentum reads expressions as gradients': fusedUpdate(momentumUpdate, VELOCITY),
  'adam reads expressions as gradients': fusedUpdate(adamUpdate, {
    ...STRAIGHT,
    rate: 0.1,
    beta1: 0.9,
    rest1: 0.1,
    beta2: 0.999,
    rest2: 0.001,
    epsilon: 1e-8,
    correction1: 1,
    correction2: 1,
  }),
  'adagrad reads expressions as gradients': fusedUpdate(adagradUpdate, { ...STRAIGHT, epsilon: 1e-8 }),
  'rmsprop reads expressions as gradients': fusedUpdate(rmspropUpdate, { ...STRAIGHT, ...MEAN }),
  'rmsprop with momentum reads expressions as gradients': fusedUpdate(rmspropMomentumUpdate, {
    ...VELOCITY,
    ...MEAN,
  }),
  'centered rmsprop with momentum reads expressions as gradients': fusedUpdate(
    centeredRmspropMomentumUpdate,
    { ...VELOCITY, ...MEAN },
  ),

  'groups and clipping compute what a CPU does, in few dispatches': async engine => {
    const reference = await init({ backend: 'cpu' })
    // Dispatches of the whole step: one packs each gradient, one updates, and a bound takes none, two or five.
    const kinds = { value: 4, globalNorm: 6, norm: 9 }
    for (const [kind, most] of Object.entries(kinds)) {
      const [found, expected] = [await clippedSteps(engine, kind), await clippedSteps(reference, kind)]
      // Three steps of at most 0.1·√10, each off by a dozen units in the last place, and sums of 350 squares.
      near(found.numbers, expected.numbers, 3 * 0.1 * 3.2 * 32 * 2 ** -23, `clipped by ${kind}`)
      if (engine.backend === 'webgpu')
        ensure(found.dispatches <= most, `${kind}: ${found.dispatches} dispatches`)
    }
    reference.dispose()
  },

  'a float16 gradient updates float32 parameters': async engine => {
    if (!engine.runner.traits.float16) return
    for (const fuse of [false, true]) {
      const p = parameter(tensor([1, 2, 4, 8, 16], { engine }))
      const settings = tensor(listed(sgdUpdate, { ...STRAIGHT, weightDecay: 0 }), { engine })
      const step = compile(
        (g: Tensor) => {
          sgdUpdate(p, mul(g, 0.5), settings)
        },
        { fuse },
      )
      // No product needs more bits than float16 has: a fused one need not be rounded on its way.
      step(tensor([1, 2 ** -10, 0, 60000, -1], { dtype: 'float16', engine }))
      same(await p.array(), [0.75, 2 - 2 ** -12, 4, 8 - 15000, 16.25], 'the parameters')
      step.dispose()
    }
  },

  'parameters of one number take no kernel, and are that where memory was used before': async engine => {
    const used = add(tensor(new Array<number>(67).fill(3), { engine }), 4)
    await used.data()
    used.dispose()
    const before = engine.counters().dispatches
    const made = [0, 1].map(number => filledParameter([67], number, { engine }))
    same(engine.counters().dispatches, before, 'dispatches')
    for (const [i, parameter] of made.entries())
      same(await parameter.array(), new Array<number>(67).fill(i), 'the parameter')
  },

  'a gradient computed from the parameter itself is computed beforehand': async engine => {
    const p = parameter(tensor([1, 2, 4], { engine }))
    const settings = tensor(listed(sgdUpdate, { ...STRAIGHT, weightDecay: 0 }), { engine })
    const step = compile((g: Tensor) => {
      sgdUpdate(p, add(g, mul(p, 0.5)), settings)
    })
    step(tensor([1, 1, 1], { engine }))
    same(await p.array(), [0.25, 1, 2.5], 'the parameter')
    step.dispose()
  },
}
