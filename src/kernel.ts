// What a kernel is to the rest of the engine: WGSL text and the dispatches that run it, described without a GPU.
import { bug } from './errors.ts'
import type { Spec } from './tape.ts'

/** A .wgsl file. Its first line is `// path/below/shaders.wgsl: what it does`. */
export interface ShaderFile {
  readonly path: string
  readonly text: string
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

export interface Dispatch {
  readonly source: KernelSource
  readonly overrides?: Readonly<Record<string, number>>
  readonly bindings: readonly Binding[]
  /** Values of the fields of the shader's `Params` struct. */
  readonly params: Readonly<Record<string, number | readonly number[]>>
  /** Workgroups in all; the backend folds them into the dimensions a dispatch allows. */
  readonly workgroups: number
}

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
}

export interface KernelRequest<A extends object = object> {
  readonly inputs: readonly Spec[]
  readonly outputs: readonly Spec[]
  readonly attributes: A
  readonly device: DeviceTraits
  readonly variant: string
}

export interface Kernel<A extends object = object> {
  /** Every way this kernel can run; the suite proves each. */
  readonly variants: readonly string[]
  /** Whether a variant can serve these shapes on this adapter. Without it: always. */
  supports?(request: KernelRequest<A>): boolean
  /** The variant to use where nobody asked for one; the first that is supported without it. */
  choose?(request: KernelRequest<A>): string
  program(request: KernelRequest<A>): Program
}

/** Invocations of an elementwise workgroup. */
export const WORKGROUP_SIZE = 64

/** Eight-axis lists travel in uniforms as array<vec4, 2>, padded with `fill`. */
export function axisList(list: readonly number[], fill: number): number[] {
  return [...list, ...new Array<number>(8 - list.length).fill(fill)]
}
