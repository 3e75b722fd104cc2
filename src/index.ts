// The public names, nothing else.
import './ops/table.ts'

export type { AdapterReport, Counters, DispatchReport, PlaceReport, Tuning } from './backend.ts'
export { type Compiled, type CompileOptions, compile } from './compile.ts'
export type { PlanReport } from './compiled_plan.ts'
export * as data from './data/index.ts'
export type { DType, HostArray, NumericArray } from './dtype.ts'
export type { Engine } from './engine.ts'
export { type ErrorCode, RetrogradError } from './errors.ts'
export type { FusionRule } from './fuse/index.ts'
export { type GradOptions, grad } from './grad.ts'
export { hostScalar, hostVector } from './host.ts'
export { type InitOptions, init } from './init.ts'
export * as io from './io/index.ts'
export {
  type Binding,
  type DeviceTraits,
  type Dispatch,
  type Kernel,
  type KernelRequest,
  type KernelSource,
  type Program,
  type ShaderFile,
  shader,
} from './kernel.ts'
export type { MemoryReport } from './memory.ts'
export * as nn from './nn/index.ts'
export {
  type AnyOp,
  type Call,
  type CompositeDefinition,
  defineComposite,
  defineOp,
  type Entry,
  type Op,
  type OpDefinition,
  type ReferenceContext,
  type Sample,
  type SampleInput,
  type Tolerance,
} from './op.ts'
export * from './ops/index.ts'
export { ops } from './ops/table.ts'
export * as optim from './optim/index.ts'
export * from './proof/index.ts'
export type { RandomStream } from './random.ts'
export type { Shape } from './shape.ts'
export type { Spec } from './tape.ts'
export { type NestedArray, Parameter, scope, Tensor } from './tensor.ts'
export * as train from './train/index.ts'
