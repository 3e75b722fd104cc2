// The Op type and defineOp: one entry gives the function people call, its result on every backend, its gradient and its proof.
import type { DType, NumericArray } from './dtype.ts'
import { bug, fail, show } from './errors.ts'
import type { Kernel } from './kernel.ts'
import type { Value } from './tape.ts'
import { checkRange, currentRecording, type Spec } from './tape.ts'
import { keepResult, Tensor } from './tensor.ts'

/** What a call's arguments come down to: tensors (numbers stand for constants) and checked options. */
export interface Call<A extends object> {
  readonly inputs: readonly (Tensor | number)[]
  readonly attributes: A
}

/** What a reference sees beside the numbers. */
export interface ReferenceContext<A extends object> {
  readonly inputs: readonly Spec[]
  readonly outputs: readonly Spec[]
  readonly attributes: A
  /** Reports an index out of range; the lowest row is told at the next read. */
  reportRow(row: number): void
}

/** How the numbers of one sample input are drawn. */
export interface SampleInput {
  readonly shape: readonly number[]
  readonly dtype?: DType
  /** The numbers themselves, repeated to fill the shape. */
  readonly values?: readonly number[]
  /** Else uniform in [low, high) (whole numbers for integer dtypes). */
  readonly low?: number
  readonly high?: number
  /** Keeps this far from every multiple of 1 (and so from kinks and ties): finite differences stay on one side. */
  readonly clearOfIntegers?: boolean
}

/** One case that tests, gradient checks and benchmarks draw on. */
export interface Sample<Arguments extends readonly unknown[] = readonly unknown[]> {
  readonly inputs: readonly SampleInput[]
  /** The call's last argument. */
  readonly options?: object
  /** The whole argument list, where it is not `(...tensors, options)`. */
  readonly call?: (...tensors: Tensor[]) => Arguments
  /** False where finite differences make no sense here (ties, integers, special values); say why in `note`. */
  readonly gradient?: boolean
  readonly note?: string
  /** Marks shapes worth timing; they are not part of the gradient check. */
  readonly benchmark?: boolean
}

/** How far a kernel may be from the reference: |a − b| ≤ absolute + relative·|b|. */
export interface Tolerance {
  readonly absolute: number
  readonly relative: number
}

/** Facts every entry states, be it a primitive or composed of others. */
export interface Entry<Arguments extends readonly unknown[]> {
  readonly name: string
  /** Section of the op table. */
  readonly family: string
  readonly samples: readonly Sample<Arguments>[]
  /** From the WGSL accuracy bounds and the length of a reduction, for float32. */
  tolerance(inputs: readonly Spec[]): Tolerance
  /** Floating-point operations of a call, for benchmarks: left out where the memory moved says more. */
  operations?(inputs: readonly Spec[], outputs: readonly Spec[]): number
  /** Methods are installed for ops whose first argument is a tensor, unless this is false. */
  readonly method?: boolean
}

/** A primitive: a shape rule, a reference, a kernel and a gradient. */
export interface OpDefinition<
  A extends object = object,
  Arguments extends readonly unknown[] = readonly never[],
> extends Entry<Arguments> {
  /** Turns the arguments of a call into tensors and checked attributes. */
  parse(...args: Arguments): Call<A>
  /** Shape and dtype of the outputs; throws where the inputs do not fit. */
  infer(inputs: readonly Spec[], attributes: A): Spec | readonly Spec[]
  /** The definition of the op: plain loops, float64 accumulation. */
  reference(
    inputs: readonly NumericArray[],
    outputs: readonly NumericArray[],
    context: ReferenceContext<A>,
  ): void
  readonly kernel: Kernel<A>
  /** Gradients with respect to the inputs, null where there is none. `'none'` says the op has no gradient at all. */
  readonly gradient:
    | 'none'
    | ((
        inputs: readonly Tensor[],
        outputs: readonly Tensor[],
        gradients: readonly Tensor[],
        attributes: A,
      ) => readonly (Tensor | null)[])
  /** The output is the input's storage under another shape: nothing is dispatched. */
  readonly alias?: boolean
  /** Output j is written in place over input `updates[j]`, a parameter: the op is an update, run in tape order, and returns nothing. */
  readonly updates?: readonly number[]
  /** Where output 0 is the inputs laid one after another, the element offset of each: producers write there directly. */
  layout?(inputs: readonly Spec[]): readonly number[]
  /** Inputs whose numbers must lie in [0, bound). */
  indices?(inputs: readonly Spec[], attributes: A): readonly { input: number; bound: number }[]
  /** Inputs may differ in dtype. */
  readonly mixed?: boolean
  /** The output is the input broadcast: kernels that broadcast as they read need it not. */
  readonly broadcasts?: boolean
  /** Inputs that the kernel also takes as one number for all places. */
  readonly scalars?: readonly number[]
  /** Internal, for fusion: ops that one kernel can compute along with this one. */
  readonly joint?: readonly Joint[]
  /** Internal, for fusion: an update that tells whether numbers are finite. */
  readonly watch?: Watch
  /** Internal: of ops fused into one kernel, the op whose kernel it is. */
  readonly base?: string
  /** Internal: the public function that errors about indices name, where it is another. */
  readonly blamed?: string
}

/** Another op that can be computed along with one, in one kernel with the outputs of both, in this order. */
export interface Joint {
  /** Name of the other op. */
  readonly other: string
  /** Whether this application of it can. */
  matches(self: Applied, other: Applied): boolean
  readonly kernel: Kernel
}

/** How an update that tells whether numbers are finite can be spared to look at them. */
export interface Watch {
  /** The inputs that are the flag, and the numbers that the kernels which store them can look at. */
  readonly flag: number
  readonly numbers: number
  /** Where they do: the update's kernel, which does not look at the numbers, and the input bound in their place. */
  readonly kernel: Kernel
  readonly substitute: number
}

/** What an op was applied to. */
export interface Applied {
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly attributes: object
}

/** A function made of other ops, proven like one. */
export interface CompositeDefinition<Arguments extends readonly unknown[]> extends Entry<Arguments> {
  readonly compose: (...args: Arguments) => Tensor
}

/** The function people call, with its entry. */
export type Op<Arguments extends readonly unknown[], Result = Tensor> = ((...args: Arguments) => Result) & {
  readonly definition: Entry<Arguments> & {
    readonly kernel?: Kernel<never>
    readonly gradient?: unknown
    readonly updates?: readonly number[]
  }
}

/** Any op, for tables and proofs. */
export type AnyOp = ((...args: never) => unknown) & Pick<Op<readonly unknown[]>, 'definition'>

/** Makes an op from its entry. The result is the public function; outputs come as one tensor, or a list when there are several. */
export function defineOp<A extends object, Arguments extends readonly unknown[], Result = Tensor>(
  definition: OpDefinition<A, Arguments>,
): Op<Arguments, Result> {
  const call = (...args: Arguments): Result => {
    // Constants and keys that parsing makes are the op's own.
    const outputs = keepResult(() => {
      const { inputs, attributes } = definition.parse(...args)
      return applyOp(definition as unknown as OpDefinition, inputs, attributes)
    })
    return (outputs.length === 1 ? outputs[0] : outputs) as Result
  }
  return named(call, definition)
}

/** Makes an op out of others; it is verified and gradient-checked as they are. */
export function defineComposite<Arguments extends readonly unknown[]>(
  definition: CompositeDefinition<Arguments>,
): Op<Arguments> {
  return named((...args: Arguments) => keepResult(() => definition.compose(...args)), definition)
}

function named<F extends object, D extends { name: string }>(call: F, definition: D): F & { definition: D } {
  Object.defineProperty(call, 'name', { value: definition.name })
  return Object.assign(call, { definition })
}

/** Applies an op to tensors: checks them, and appends a node to the tape. */
export function applyOp(
  op: OpDefinition,
  inputs: readonly (Tensor | number)[],
  attributes: object,
): Tensor[] {
  const first = inputs.find(input => input instanceof Tensor) as Tensor | undefined
  if (!first) fail('value', op.name, 'at least one operand must be a tensor.', 'Wrap a number in tensor(…).')
  const engine = first.value.engine
  const { dtype } = inputs.findLast(input => input instanceof Tensor) as Tensor
  const values = inputs.map((input, index): Value => {
    if (typeof input === 'number') return engine.constant(op.name, input, dtype)
    const value = input.read(op.name)
    if (value.engine !== engine) {
      fail(
        'engine',
        op.name,
        `input ${index} belongs to another engine.`,
        'Move its numbers with tensor(await x.data(), …).',
      )
    }
    if (!op.mixed && value.dtype !== dtype) {
      fail(
        'dtype',
        op.name,
        `dtypes differ: ${inputs.map(i => (i instanceof Tensor ? i.dtype : 'number')).join(', ')}.`,
        'Use cast(x, dtype).',
      )
    }
    return value
  })
  const inferred = op.infer(values, attributes)
  const specs: readonly Spec[] = Array.isArray(inferred) ? inferred : [inferred as Spec]
  for (const { input, bound } of op.indices?.(values, attributes) ?? []) {
    const value = values[input] ?? bug(`${op.name} has no input ${input}`)
    checkRange(op.name, value.range, bound)
    value.host?.bounds?.push({ op: op.name, bound })
    currentRecording()?.checks.push({ op: op.name, value, bound })
  }
  const node = engine.apply(op, values, attributes, specs)
  if (op.alias && node.outputs[0]) node.outputs[0].range = values[0]?.range ?? null
  if (!op.updates) return node.outputs.map(output => new Tensor(output))
  op.updates.forEach((input, output) => {
    const target = inputs[input]
    const value = node.outputs[output]
    if (!(target instanceof Tensor) || !value) bug(`${op.name} updates a number`)
    engine.overwrite(target, value)
  })
  engine.afterUpdate()
  return []
}

/** Throws `dtype` unless the dtype is one of `allowed`. */
export function needs(where: string, spec: Spec, allowed: readonly DType[], name = 'x'): void {
  if (allowed.includes(spec.dtype)) return
  fail(
    'dtype',
    where,
    `${name} is ${spec.dtype}, shape ${show(spec.shape)}; it must be ${allowed.join(' or ')}.`,
    'Use cast(x, dtype).',
  )
}
