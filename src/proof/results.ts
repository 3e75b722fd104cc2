// What one call of an op gives on one engine: its outputs and gradients, read back, each with what it may be off.
import { type HostArray, isFloat } from '../dtype.ts'
import type { Engine } from '../engine.ts'
import { grad } from '../grad.ts'
import type { AnyOp, Sample, Tolerance } from '../op.ts'
import { tensor } from '../ops/create.ts'
import type { Spec } from '../tape.ts'
import { eachTensor, Parameter, scope, Tensor } from '../tensor.ts'
import { largest } from './compare.ts'
import {
  argumentsOf,
  callOp,
  type Drawn,
  drawWeights,
  parseCall,
  primitiveOf,
  uploadInputs,
} from './samples.ts'
import { accumulated, budgetOf, nodesBehind, storedTolerance } from './tolerance.ts'
import { inputSpecs, serves } from './variants.ts'

/** One result with what it may be off. */
interface Result extends Spec {
  readonly numbers: HostArray
  readonly tolerance: Tolerance
}

/** Of each output, and of each output's gradient in each float input. */
export interface Results {
  readonly forward: readonly Result[]
  readonly backward: readonly Result[]
}

/** What results are wanted of. */
export interface Trial {
  readonly op: AnyOp
  readonly seed: number
  readonly gradients: boolean
}

/** Tells that a variant cannot serve a call. */
export class Unsupported extends Error {}

/** Outputs and gradients of one call, read back. With a variant, throws Unsupported where that cannot serve. */
export async function compute(
  { op, seed, gradients }: Trial,
  engine: Engine,
  sample: Sample,
  drawn: readonly Drawn[],
  variant?: string,
): Promise<Results> {
  const parameters: Parameter[] = []
  const pending = engine.use(() =>
    scope(() => {
      const inputs = uploadInputs(op, sample, engine, drawn)
      const args = argumentsOf(sample, inputs)
      eachTensor(args, item => {
        if (item instanceof Parameter) parameters.push(item)
      })
      if (variant !== undefined && !serves(op, args, engine, variant)) throw new Unsupported()
      return {
        forward: forward(op, args, inputs),
        backward: gradients ? backward(op, args, inputs, seed) : [],
      }
    }),
  )
  const read = async (results: readonly Pending[]): Promise<Result[]> => {
    const numbers = await Promise.all(results.map(({ result }) => result.data()))
    return results.map(({ result, tolerance }, i) => {
      const found = numbers[i] as HostArray
      return {
        shape: result.shape,
        dtype: result.dtype,
        numbers: found,
        tolerance: tolerance(largest(found)),
      }
    })
  }
  try {
    return { forward: await read(pending.forward), backward: await read(pending.backward) }
  } finally {
    for (const { result } of [...pending.forward, ...pending.backward]) result.dispose()
    for (const item of parameters) item.dispose()
  }
}

/** A result yet to be read, and its tolerance once its scale is known. */
interface Pending {
  readonly result: Tensor
  tolerance(scale: number): Tolerance
}

function forward(op: AnyOp, args: readonly unknown[], inputs: readonly Tensor[]): Pending[] {
  const primitive = primitiveOf(op)
  const { inputs: specs } = primitive ? inputSpecs(primitive, args) : { inputs }
  const own = op.definition.tolerance(specs)
  const overwritten = overwrittenBy(op, args)
  const outputs = callOp(op, args)
  const results = primitive?.updates ? overwritten : outputs
  const budget = budgetOf(nodesBehind(outputs, inputs))
  return results.map(result => ({
    result,
    tolerance: scale => {
      const stored = storedTolerance(own, result.dtype)
      // A composite stores halves on its way.
      const inner = !primitive && result.dtype === 'float16' ? accumulated(budget, scale).absolute : 0
      return { relative: stored.relative, absolute: stored.absolute + inner }
    },
  }))
}

/** The parameters an op overwrites, where it is an update. */
function overwrittenBy(op: AnyOp, args: readonly unknown[]): Tensor[] {
  const primitive = primitiveOf(op)
  if (!primitive?.updates) return []
  const { inputs } = parseCall(primitive, args)
  return primitive.updates.map(index => inputs[index]).filter(input => input instanceof Tensor)
}

function backward(op: AnyOp, args: readonly unknown[], inputs: readonly Tensor[], seed: number): Pending[] {
  const { gradient, updates } = op.definition
  const sources = inputs.filter(input => isFloat(input.dtype))
  if (gradient === 'none' || updates || sources.length === 0) return []
  return callOp(op, args)
    .filter(output => isFloat(output.dtype))
    .flatMap((output, stream) => {
      const { shape, dtype, engine } = output
      const outputGradient = tensor(drawWeights(shape, seed, stream), { shape, dtype, engine })
      const gradients = grad(output, sources, { outputGradient, allowUnused: true })
      const budget = budgetOf(nodesBehind(gradients, inputs))
      return gradients.map(result => ({ result, tolerance: scale => accumulated(budget, scale) }))
    })
}
