// What a kernel is to the rest of the engine: WGSL text and the dispatches that run it, described without a GPU.
import { bug } from './errors.ts'
import type { Spec } from './tape.ts'

/** A .wgsl file. Its first line is `// path/below/shaders.wgsl: what it does`. */
export interface ShaderFile {
  readonly path: string
  readonly text: string
  /** What sets this text apart from the file's own: the types a fragment was specialised for, or generated WGSL itself. */
  readonly tag?: string
}

/** Names a shader by its own first line. */
export function shader(text: string): ShaderFile {
  const path = /^\/\/ ([\w/]+\.wgsl): /.exec(text)?.[1]
  return path ? { path, text } : bug(`a shader's first line does not name its file: ${text.slice(0, 60)}`)
}

/** WGSL to be joined: a skeleton, its fragments, and the prelude's aliases and constants. */
export interface KernelSource {
  readonly skeleton: ShaderFile
  readonly fragments?: readonly ShaderFile[]
  /** `alias NAME = TYPE;` lines. */
  readonly types: Readonly<Record<string, string>>
  /** `const NAME = value;` lines, for sizes of private arrays, which no override can set. */
  readonly constants?: Readonly<Record<string, number>>
}

/** What stands at a binding, in order: inputs, outputs, then scratch or the status words; `params` comes last. */
export type Binding =
  | { readonly input: number }
  | { readonly output: number }
  | { readonly scratch: number }
  | { readonly status: true }

/** Where an instruction takes an operand from: an input's element, an earlier instruction, or a constant. */
export type Operand = { readonly input: number } | { readonly step: number } | { readonly constant: number }

/** One elementwise op in an expression: the fragment that computes it and the types it is computed in. */
export interface Instruction {
  readonly fragment: ShaderFile
  readonly operands: readonly Operand[]
  /** The WGSL types the fragment calls First (where it has one), Compute and Result. */
  readonly types: Readonly<Record<string, string>>
  /** The WGSL type each operand is converted to; null for one that is passed as it is. */
  readonly converted: readonly (string | null)[]
  /** The WGSL type its result is stored as, were it stored. */
  readonly stored: string
  /** The fragment wants the element's index first. */
  readonly indexed?: boolean
  /** Files the fragment calls. */
  readonly library?: readonly ShaderFile[]
}

/** An input of an expression: the WGSL type of its elements, and whether the first serves every place. */
export interface ExpressionInput {
  readonly type: string
  readonly first?: boolean
}

/** A number that travels in the kernel's uniform. */
export interface ExpressionConstant {
  readonly value: number
  /** `f32`, `i32` or `u32`. */
  readonly type: string
}

/** Elementwise work as data: what single ops are made of, and what fusion joins. */
export interface Expression {
  readonly inputs: readonly ExpressionInput[]
  readonly constants: readonly ExpressionConstant[]
  readonly steps: readonly Instruction[]
  /** What is stored, one for each output. */
  readonly results: readonly Operand[]
}

/** One dispatch of a kernel. */
export interface Dispatch {
  readonly source: KernelSource
  readonly overrides?: Readonly<Record<string, number>>
  readonly bindings: readonly Binding[]
  /** Values of the fields of the shader's `Params` struct. */
  readonly params: Readonly<Record<string, number | readonly number[]>>
  /** Workgroups in all; the backend folds them into the dimensions a dispatch allows. */
  readonly workgroups: number
}

/** What runs for one application of an op. */
export interface Program {
  readonly dispatches: readonly Dispatch[]
  /** Sizes in bytes of temporary buffers. */
  readonly scratch?: readonly number[]
}

/** What a kernel may know of the adapter it runs on. */
export interface DeviceTraits {
  /** A software rasteriser: every load costs, workgroup memory saves nothing. */
  readonly isSoftware: boolean
  readonly subgroups: boolean
  readonly subgroupMinSize: number
  /** WGSL's subgroup_id and num_subgroups are known. */
  readonly subgroupId: boolean
  readonly float16: boolean
  readonly maxInvocations: number
  readonly maxWorkgroupBytes: number
  /** Storage buffers one dispatch may bind. */
  readonly maxStorageBuffers: number
}

/** What a kernel is asked for: shapes and dtypes, the op's options, the adapter, and which variant. */
export interface KernelRequest<A extends object = object> {
  readonly inputs: readonly Spec[]
  readonly outputs: readonly Spec[]
  readonly attributes: A
  readonly device: DeviceTraits
  readonly variant: string
}

/** How an op runs on a GPU: its variants, and the dispatches of each. */
export interface Kernel<A extends object = object> {
  /** Every way this kernel can run; the suite proves each. */
  readonly variants: readonly string[]
  /** Whether a variant can serve these shapes on this adapter. Without it: always. */
  supports?(request: KernelRequest<A>): boolean
  /** The variant to use where nobody asked for one; the first that is supported without it. */
  choose?(request: KernelRequest<A>): string
  program(request: KernelRequest<A>): Program
  /** Internal, for fusion: what an elementwise kernel computes at each place. Kernels that have one can be fused with others. */
  expression?(request: KernelRequest<A>): Expression
  /** Internal, for fusion: this kernel with an expression, whose input 0 is this kernel's result, applied as the result is stored. */
  withEpilogue?(expression: Expression, request: KernelRequest<A>): Kernel<A>
  /**
   * Internal, for fusion: this kernel reading the one result of an expression in place of an input, `replaced`. The expression's first input
   * stands in the place of that one, its others follow all the rest.
   */
  withPrologue?(expression: Expression, replaced: Spec): Kernel<A>
  /** Internal, for fusion: which input that is. Default 0. */
  readonly prologueOperand?: number
  /**
   * Internal, for fusion: this kernel with one more input, a flag, which it clears where a number it stores is infinite or
   * NaN.
   */
  withWatch?(request: KernelRequest<A>): Kernel<A>
}

/** Invocations of an elementwise workgroup. */
export const WORKGROUP_SIZE = 64

/** Eight-axis lists travel in uniforms as array<vec4, 2>, padded with `fill`. */
export function axisList(list: readonly number[], fill: number): number[] {
  return [...list, ...new Array<number>(8 - list.length).fill(fill)]
}
