// The engine and the ops alone, to weigh them: no layers, no optimizers, no proofs.
import '../../src/ops/table.ts'

export { compile } from '../../src/compile.ts'
export { grad } from '../../src/grad.ts'
export { hostScalar, hostVector } from '../../src/host.ts'
export { init } from '../../src/init.ts'
export { defineComposite, defineOp } from '../../src/op.ts'
export * from '../../src/ops/index.ts'
export { scope, Tensor } from '../../src/tensor.ts'
