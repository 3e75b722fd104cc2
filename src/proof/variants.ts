// The ways an op's kernel can run on an engine, and having it run one of them.
import type { Engine } from '../engine.ts'
import type { KernelRequest } from '../kernel.ts'
import type { AnyOp, OpDefinition } from '../op.ts'
import { sizeOf } from '../shape.ts'
import type { Spec } from '../tape.ts'
import { Tensor } from '../tensor.ts'
import { WebGpuBackend } from '../webgpu/backend.ts'
import { supports } from '../webgpu/tune.ts'
import { parseCall, primitiveOf } from './samples.ts'

/** The variant of what has no kernel of its own here: a composite, or any op on the CPU. */
export const ONLY = 'default'

/** Variants of an op's kernel on an engine. */
export function variantsOf(op: AnyOp, engine: Engine): readonly string[] {
  const primitive = primitiveOf(op)
  return primitive && engine.runner instanceof WebGpuBackend ? primitive.kernel.variants : [ONLY]
}

/** Shapes and dtypes of the inputs of a call, numbers standing for scalars of the tensors' dtype. */
export function inputSpecs(
  op: OpDefinition,
  args: readonly unknown[],
): { inputs: Spec[]; attributes: object } {
  const { inputs, attributes } = parseCall(op, args)
  const { dtype } = inputs.findLast(input => input instanceof Tensor) as Tensor
  return { inputs: inputs.map(input => (input instanceof Tensor ? input : { shape: [], dtype })), attributes }
}

/** Whether a variant can serve a call on an engine. Results without elements need no kernel. */
export function serves(op: AnyOp, args: readonly unknown[], engine: Engine, variant: string): boolean {
  const primitive = primitiveOf(op)
  if (!primitive || variant === ONLY) return true
  const { inputs, attributes } = inputSpecs(primitive, args)
  const inferred = primitive.infer(inputs, attributes)
  const outputs: readonly Spec[] = Array.isArray(inferred) ? inferred : [inferred as Spec]
  if (outputs.every(output => sizeOf(output.shape) === 0)) return true
  const request: KernelRequest = { inputs, outputs, attributes, device: engine.runner.traits, variant }
  return supports(primitive.kernel, request)
}

/**
 * Runs `body` with an op's kernel held to one variant wherever that can serve, outputs filled with NaN patterns before
 * they are computed. Rejects when the device reports an error meanwhile.
 */
export async function withVariant<T>(
  op: AnyOp,
  engine: Engine,
  variant: string,
  body: () => Promise<T>,
): Promise<T> {
  const { runner } = engine
  if (!(runner instanceof WebGpuBackend)) return body()
  const { name } = op.definition
  const before = { forced: runner.forced.get(name), poison: runner.poison }
  if (variant !== ONLY) runner.forced.set(name, variant)
  runner.poison = true
  const filters = ['validation', 'out-of-memory', 'internal'] as const
  for (const filter of filters) runner.device.pushErrorScope(filter)
  let errors: (GPUError | null)[] = []
  const result = await body().finally(async () => {
    runner.poison = before.poison
    if (before.forced === undefined) runner.forced.delete(name)
    else runner.forced.set(name, before.forced)
    errors = await Promise.all(filters.map(() => runner.device.popErrorScope()))
  })
  const error = errors.find(found => found !== null)
  if (error) throw new Error(`the device reports: ${error.message}`)
  return result
}
