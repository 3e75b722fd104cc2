// compile: record a function once, plan it once, replay it with one submit a call.

import { signature } from './arguments.ts'
import { CompiledPlan, type PlanReport } from './compiled_plan.ts'
import { currentEngine, type Engine, engineOr } from './engine.ts'
import { fail, show } from './errors.ts'
import { FUSION_RULES, type FusionRule } from './fuse/index.ts'
import { integer, parseOptions } from './options.ts'
import type { Plan } from './plan.ts'
import { currentRecording } from './tape.ts'
import { eachTensor, type Tensor } from './tensor.ts'

/** A function recorded once and replayed: called as the one it was made of, with tools to look into it. */
export type Compiled<Arguments extends readonly unknown[], Result> = ((...args: Arguments) => Result) & {
  /**
   * Calls it so many times on the same inputs, all in one submit: host scalars are asked for each call beforehand, what
   * each call gives is stacked along a new first axis. The GPU can do nothing else meanwhile: keep it to what takes a
   * tenth of a second.
   */
  run(times: number, ...args: Arguments): Result
  /** Records for these inputs and asks for all pipelines at once, so that the first call waits for nothing. */
  warmUp(...args: Arguments): Promise<void>
  /** Records for these inputs, unless that was done already, and tells what a call dispatches. */
  plan(...args: Arguments): PlanReport
  /** Frees the plans. */
  dispose(): void
  /** Internal: the plan for these inputs, for measurements. */
  planned(...args: Arguments): { readonly engine: Engine; readonly plan: Plan }
}

/** Options of `compile`. */
export interface CompileOptions {
  /** Plans kept, one for each set of input shapes; the least recently used goes first. Default 16. */
  maxPlans?: number
  /**
   * Whether neighbouring ops share kernels on the GPU: a layer's product, bias and activation, an activation's slope with
   * the product before it, a loss with its slope. The numbers are those of single kernels, but for what a compiler contracts to
   * fused multiply-adds, and that float16 values may keep float32's precision between fused ops. False, or the names of
   * some rules, to compare. Default true.
   */
  fuse?: boolean | readonly FusionRule[]
  /** Where calls without a tensor run. Default: the current engine. */
  engine?: Engine
}

/**
 * A function of the same shape that replays a plan: `fn` runs once for each set of input shapes and dtypes, on
 * placeholders; later calls submit the recorded work in one go and return at once.
 *
 * Tensors passed (alone, in lists or in objects) are inputs, and tensors `fn` closes over are read anew at each call.
 * Numbers, booleans, strings and branches are constants of the recording; a number that changes is a tensor or
 * `hostScalar(() => number)`. Throws `recording` when `fn` reads a value, makes a parameter or returns a promise.
 */
export function compile<Arguments extends readonly unknown[], Result>(
  fn: (...args: Arguments) => Result,
  options: CompileOptions = {},
): Compiled<Arguments, Result> {
  if (typeof fn !== 'function') fail('value', 'compile', `expected a function, not ${show(fn)}.`)
  const {
    maxPlans,
    fuse,
    engine: own,
  } = parseOptions('compile', options, {
    maxPlans: integer(16, { min: 1 }),
    fuse: fusionRules,
    engine: value => (value === undefined ? undefined : engineOr('compile', value)),
  })
  const plans = new Map<string, CompiledPlan>()
  let alive = true

  const find = (args: Arguments): { plan: CompiledPlan; inputs: Tensor[] } => {
    if (!alive) fail('disposed', 'compile', 'the compiled function was disposed.', 'Compile it again.')
    // A call within a recording never gets here, `plan`, `run` and `warmUp` do.
    if (currentRecording())
      fail('recording', 'compile', 'while one function is recorded, another can only be called.')
    // First, since it refuses what cannot be walked through.
    const described = signature(args)
    const inputs: Tensor[] = []
    eachTensor(args, tensor => inputs.push(tensor))
    const engine = inputs[0]?.engine ?? own ?? currentEngine('compile')
    for (const input of inputs) {
      input.read('compile')
      if (input.engine !== engine)
        fail('engine', 'compile', 'the inputs belong to two engines.', 'Make them on one.')
    }
    const key = `${engine.id} ${described}`
    let plan = plans.get(key)
    if (plan?.isStale) {
      plan.dispose()
      plan = undefined
    }
    plan ??= new CompiledPlan(engine, fn as (...args: readonly unknown[]) => unknown, args, inputs, fuse)
    // Least recently used first: a map keeps the order of insertion.
    plans.delete(key)
    plans.set(key, plan)
    for (const [oldest, candidate] of plans) {
      if (plans.size <= maxPlans) break
      candidate.dispose()
      plans.delete(oldest)
    }
    return { plan, inputs }
  }

  const call = (...args: Arguments): Result => {
    if (currentRecording()) return fn(...args)
    const { plan, inputs } = find(args)
    return plan.run(inputs) as Result
  }
  return Object.assign(call, {
    run: (times: number, ...args: Arguments): Result => {
      if (!Number.isSafeInteger(times) || times < 1)
        fail('value', 'run', `times is ${show(times)}; it must be a whole number from 1 on.`)
      if (times > MOST_RUNS)
        fail(
          'limit',
          'run',
          `times is ${times}; at most ${MOST_RUNS} runs fit one submit.`,
          'Call it several times.',
        )
      const { plan, inputs } = find(args)
      return plan.run(inputs, times) as Result
    },
    warmUp: async (...args: Arguments): Promise<void> => {
      await find(args).plan.warmUp()
    },
    plan: (...args: Arguments): PlanReport => find(args).plan.report(),
    planned: (...args: Arguments) => find(args).plan,
    dispose: (): void => {
      alive = false
      for (const plan of plans.values()) plan.dispose()
      plans.clear()
    },
  })
}

/** Throws `value` for what is no compiled function, or no list of its arguments. */
export function checkCompiled(where: string, step: unknown, args: unknown): void {
  if (typeof (step as { planned?: unknown } | undefined)?.planned !== 'function')
    fail('value', where, `expected a compiled function, not ${show(step)}.`, 'Make it with compile(fn).')
  if (!Array.isArray(args))
    fail('value', where, `the arguments are ${show(args)}.`, `Pass them as a list: ${where}(step, [x, y]).`)
}

/** The rules an option names. */
function fusionRules(value: unknown): readonly FusionRule[] {
  if (value === undefined || value === true) return FUSION_RULES
  if (value === false) return []
  const known = (name: unknown): name is FusionRule => FUSION_RULES.some(rule => rule === name)
  if (Array.isArray(value) && value.every(known)) return value
  return fail(
    'option',
    'compile',
    `fuse is ${show(value)}.`,
    `It must be true, false or a list of ${FUSION_RULES.join(', ')}.`,
  )
}

/** Runs of one submit: more would take the GPU, and the encoding, for seconds. */
const MOST_RUNS = 10_000
