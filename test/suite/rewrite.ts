// How a rewrite of fusion is proven: what its kernels give is held to what single ones give.
import {
  type CompileOptions,
  cast,
  compile,
  type Engine,
  type Tensor,
  tensor,
  uniform,
} from '../../src/index.ts'
import { ops } from '../../src/ops/table.ts'
import { firstDifference } from '../../src/proof/compare.ts'
import { variantsOf, withVariant } from '../../src/proof/variants.ts'
import { ensure, same } from './assert.ts'
import type { Case } from './values.ts'

type Rules = CompileOptions['fuse']

/** A function that a rule rewrites. */
export interface Rewrite {
  readonly inputs: (engine: Engine) => Tensor[]
  readonly fn: (...inputs: Tensor[]) => Tensor | Tensor[]
  /** Ops of the plan when only the rules of this case are on. */
  readonly ops: readonly string[]
  readonly rules: Rules
  /** The op in whose kernel it ends: each of its variants is tried. */
  readonly base?: keyof typeof ops
  /** Multiplications and additions that a compiler may contract, each off by no more than half a unit in the last place. */
  readonly contractions?: number
  /** Tried with float16 inputs, too, where the adapter has them. */
  readonly half?: boolean
}

const list = (result: Tensor | Tensor[]): Tensor[] => (Array.isArray(result) ? result : [result])

/** What a function gives, compiled with these rules. */
export async function numbersOf(
  fn: Rewrite['fn'],
  inputs: readonly Tensor[],
  fuse: Rules,
): Promise<{ shape: readonly number[]; numbers: ArrayLike<number> }[]> {
  const compiled = compile(fn, fuse === undefined ? {} : { fuse })
  const outputs = list(compiled(...inputs))
  const results = await Promise.all(
    outputs.map(async output => ({ shape: output.shape, numbers: await output.data() })),
  )
  for (const output of outputs) output.dispose()
  compiled.dispose()
  return results
}

/** Holds what fused kernels give to what single ones give. */
async function compare(
  engine: Engine,
  rewrite: Rewrite,
  fuse: Rules,
  where: string,
  dtype: 'float32' | 'float16' = 'float32',
): Promise<void> {
  const { fn, contractions = 0 } = rewrite
  const inputs = rewrite.inputs(engine).map(input => (dtype === 'float16' ? cast(input, dtype) : input))
  const [single, fused] = [await numbersOf(fn, inputs, false), await numbersOf(fn, inputs, fuse)]
  single.forEach(({ shape, numbers }, i) => {
    const largest = Array.from(numbers).reduce(
      (most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most),
      0,
    )
    // A chain may keep the precision that storing halves loses at each of its few ops.
    const lost = dtype === 'float16' ? 8 * 2 ** -11 : 0
    const tolerance = { absolute: (contractions * 2 ** -24 + lost) * largest, relative: 0 }
    const off = firstDifference(shape, numbers, fused[i]?.numbers ?? [], tolerance)
    ensure(off === null, `${where}: output ${i} at [${off?.index}] is ${off?.actual}, not ${off?.expected}`)
  })
  for (const input of inputs) input.dispose()
}

/** Tensors of these shapes, the same each time. */
export const draw = (engine: Engine, ...shapes: number[][]): Tensor[] =>
  shapes.map((shape, i) => uniform(shape, { low: -2, high: 2, seed: 7 + i, engine }))

/** Class ids, the same each time. */
export const labels = (engine: Engine, count: number, classes: number): Tensor =>
  tensor(
    Array.from({ length: count }, (_, i) => (i * 7) % classes),
    { dtype: 'int32', engine },
  )

/** The ops a plan dispatches, once each however many dispatches they take. */
const opsOf = (report: { kernels: readonly { op: string }[] }): string[] =>
  report.kernels.map(({ op }) => op).filter((op, i, all) => op !== all[i - 1] || all.length <= 3)

/** Holds a rewrite to single kernels, alone and with all other rules, in every variant of the kernel it ends in. */
export const proof =
  (rewrite: Rewrite): Case =>
  async engine => {
    if (engine.backend === 'webgpu' && rewrite.ops.length > 0) {
      const inputs = rewrite.inputs(engine)
      const compiled = compile(rewrite.fn, { fuse: rewrite.rules ?? true })
      const report = compiled.plan(...inputs)
      const found = [...new Set(opsOf(report))].sort()
      same(found, [...new Set(rewrite.ops)].sort(), 'ops of the plan')
      compiled.dispose()
      for (const input of inputs) input.dispose()
    }
    await compare(engine, rewrite, rewrite.rules, 'alone')
    await compare(engine, rewrite, true, 'with all rules')
    const isHalf = rewrite.half === true && engine.runner.traits.float16
    if (isHalf) await compare(engine, rewrite, true, 'float16', 'float16')
    const base = rewrite.base && ops[rewrite.base]
    if (!base) return
    for (const variant of variantsOf(base, engine))
      await withVariant(base, engine, variant, async () => {
        await compare(engine, rewrite, true, variant)
        if (isHalf) await compare(engine, rewrite, true, `${variant}, float16`, 'float16')
      })
  }
