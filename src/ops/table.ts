// The op table: every op by name, and the methods that chain them.
import { fail } from '../errors.ts'
import type { AnyOp } from '../op.ts'
import { Parameter, Tensor } from '../tensor.ts'
import * as activations from './activations.ts'
import * as binary from './binary.ts'
import * as crossEntropy from './cross_entropy.ts'
import * as cumsum from './cumsum.ts'
import { dropout, dropWhere } from './dropout.ts'
import * as finite from './finite.ts'
import * as gather from './gather.ts'
import * as join from './join.ts'
import * as lossScale from './loss_scale.ts'
import * as losses from './losses.ts'
import * as matmul from './matmul.ts'
import * as movement from './movement.ts'
import * as normalize from './normalize.ts'
import * as oneHot from './one_hot.ts'
import { assignTo } from './parameter.ts'
import * as power from './power.ts'
import * as random from './random.ts'
import * as reductions from './reductions.ts'
import * as running from './running.ts'
import * as softmax from './softmax.ts'
import * as standardize from './standardize.ts'
import * as unary from './unary.ts'
import * as update from './update.ts'

/** Ops whose first argument is a tensor: each is a method too. */
const chained = {
  ...unary,
  ...activations,
  ...binary,
  ...power,
  ...reductions,
  ...movement,
  ...softmax,
  ...losses,
  gather: gather.gather,
  ...oneHot,
  ...cumsum,
  ...matmul,
  ...normalize,
  dropout,
}

const modules = {
  ...chained,
  ...gather,
  ...join,
  ...crossEntropy,
  dropWhere,
  ...random,
  ...update,
  ...lossScale,
  ...standardize,
  ...running,
  ...finite,
}

/** Every op by its name, from which tests, benchmarks and the docs' table follow. */
export const ops: Readonly<Record<string, AnyOp>> = Object.fromEntries(
  Object.values(modules)
    .filter((item): item is typeof item & AnyOp => typeof item === 'function' && 'definition' in item)
    .map(op => [op.definition.name, op]),
)

/** The one op among them that stands behind another and is no method. */
type Chained = Omit<typeof chained, 'sigmoidCrossEntropyElements'>

/** The call of an op without its first argument. */
type Method<F> = F extends (first: never, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never

type Methods = {
  [K in keyof Chained as Chained[K] extends { definition: unknown } ? K : never]: Method<Chained[K]>
}

declare module '../tensor.ts' {
  interface Tensor extends Methods {}
  interface Parameter {
    /** Overwrites the parameter with a tensor of its shape and dtype. */
    assign(value: Tensor): void
  }
}

for (const op of Object.values(ops)) {
  if (op.definition.method === false) continue
  const call = op as (...args: never[]) => unknown
  install(Tensor, op.definition.name, function (this: Tensor, ...rest: never[]) {
    return call(this as never, ...rest)
  })
}
install(Parameter, 'assign', function (this: Parameter, value: Tensor) {
  assignTo(this, value)
})

function install(target: typeof Tensor, name: string, method: (...rest: never[]) => unknown): void {
  if (name in target.prototype) fail('internal', 'table', `internal: two methods are called ${name}.`)
  Object.defineProperty(target.prototype, name, { value: method, configurable: true, writable: true })
}
