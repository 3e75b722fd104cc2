// Joining WGSL files into modules, packing their uniforms, and keeping the pipelines made of them.
import prelude from '../../shaders/prelude.wgsl?raw'
import type { Counters } from '../backend.ts'
import { bug, RetrogradError } from '../errors.ts'
import { type Dispatch, type KernelSource, shader } from '../kernel.ts'
import { at } from '../shape.ts'

/** Lines that WGSL wants before all else. */
const DIRECTIVE = /^(enable|requires) .*;$/gm

const PRELUDE = shader(prelude)

/** A joined source, with the file and line every line came from. */
export interface JoinedSource {
  readonly code: string
  /** `file:line` of a 1-based line of the code. */
  locate(line: number): string
}

/** Directives first, then the prelude's types and constants, the prelude, fragments and skeleton. */
export function join(source: KernelSource): JoinedSource {
  const files = [PRELUDE, ...(source.fragments ?? []), source.skeleton]
  const directives = new Set(files.flatMap(file => file.text.match(DIRECTIVE) ?? []))
  const generatedCode = files.flatMap(({ path, text }) => (path === 'generated' ? [text] : []))
  const words = [...Object.values(source.types), ...generatedCode]
  if (words.some(text => /\bf16\b/.test(text))) directives.add('enable f16;')
  const head = [
    ...[...directives].sort(),
    ...Object.entries(source.types).map(([name, type]) => `alias ${name} = ${type};`),
    ...Object.entries(source.constants ?? {}).map(([name, value]) => `const ${name} = ${value};`),
  ]
  const lines = [...head]
  const origins = head.map(() => 'generated prelude')
  for (const file of files) {
    file.text.split('\n').forEach((line, index) => {
      lines.push(line.match(DIRECTIVE) ? '' : line)
      origins.push(file.path === 'generated' ? 'generated code' : `shaders/${file.path}:${index + 1}`)
    })
  }
  return { code: lines.join('\n'), locate: line => origins[line - 1] ?? `line ${line}` }
}

/** One field of a shader's Params struct. */
export interface ParamsField {
  readonly name: string
  readonly kind: 'u32' | 'i32' | 'f32'
  readonly offset: number
  /** Numbers it takes. */
  readonly length: number
}

export interface ParamsLayout {
  readonly fields: readonly ParamsField[]
  readonly bytes: number
}

/** Blanks beside signs are left out of what is built. */
const PARAMS = /struct Params ?\{([^}]*)\}/

const layouts = new Map<string, ParamsLayout>()

/** The layout of `struct Params` by WGSL's rules, read from the source: the .wgsl file is the one place that states it. */
export function paramsLayout({ skeleton, fragments = [] }: KernelSource): ParamsLayout {
  const file =
    [skeleton, ...fragments].find(({ text }) => PARAMS.test(text)) ??
    bug(`shaders/${skeleton.path} has no Params struct`)
  const known = layouts.get(file.path)
  if (known) return known
  const body = PARAMS.exec(file.text)?.[1] ?? ''
  const fields: ParamsField[] = []
  let offset = 0
  let largest = 4
  for (const [, name, type] of body.replace(/\/\/.*$/gm, '').matchAll(/^\s*(\w+)\s*:\s*(.+?),?\s*$/gm)) {
    const match = /^(?:array<vec4<(\w+)>, ?(\d+)>|(u32|i32|f32))$/.exec(type ?? '')
    if (!name || !match)
      bug(`shaders/${file.path}: Params field ${name}: ${type} is of a type that is not packed`)
    const [, element, count, scalar] = match
    const align = scalar ? 4 : 16
    const length = scalar ? 1 : 4 * Number(count)
    offset = Math.ceil(offset / align) * align
    fields.push({ name, kind: kindOf(scalar ?? element ?? ''), offset, length })
    offset += length * 4
    largest = Math.max(largest, align)
  }
  const layout = { fields, bytes: Math.ceil(offset / largest) * largest }
  layouts.set(file.path, layout)
  return layout
}

function kindOf(name: string): ParamsField['kind'] {
  return name === 'u32' || name === 'i32' || name === 'f32' ? name : bug(`a uniform of type ${name}`)
}

/** Writes a dispatch's parameters at `offset` of `target`. */
export function packParams(dispatch: Dispatch, target: DataView, offset: number): void {
  const { skeleton } = dispatch.source
  const layout = paramsLayout(dispatch.source)
  const unknown = Object.keys(dispatch.params).find(name => !layout.fields.some(field => field.name === name))
  if (unknown) bug(`shaders/${skeleton.path} has no parameter ${unknown}`)
  for (const { name, kind, length, offset: start } of layout.fields) {
    const value = dispatch.params[name] ?? bug(`shaders/${skeleton.path}: no value for parameter ${name}`)
    const list = typeof value === 'number' ? [value] : value
    if (list.length !== length)
      bug(`shaders/${skeleton.path}: ${name} takes ${length} numbers, not ${list.length}`)
    for (let i = 0; i < length; i++) {
      const place = offset + start + i * 4
      if (kind === 'f32') target.setFloat32(place, at(list, i), true)
      else if (kind === 'i32') target.setInt32(place, at(list, i), true)
      else target.setUint32(place, at(list, i), true)
    }
  }
}

/** What identifies a joined source. */
export function sourceKey(source: KernelSource): string {
  const files = [source.skeleton, ...(source.fragments ?? [])].map(({ path, tag = '' }) => path + tag)
  return [...files, ...Object.entries(source.types), ...Object.entries(source.constants ?? {})].join(' ')
}

/** A pipeline, and the layout its bind groups are made for. */
export interface ReadyPipeline {
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
}

/** A pipeline as the device is asked for it. */
interface Wanted {
  /** Its files. */
  readonly name: string
  readonly joined: JoinedSource
  readonly module: GPUShaderModule
  readonly layout: GPUBindGroupLayout
  readonly descriptor: GPUComputePipelineDescriptor
}

/** Which bindings are written, as the WGSL declares them. */
const WRITTEN = /@binding\((\d+)\) ?var<storage, ?read_write>/g

/** Pipelines by source, overrides and which bindings have dynamic offsets; modules by source. */
export class PipelineCache {
  private readonly modules = new Map<string, { module: GPUShaderModule; joined: JoinedSource }>()
  private readonly layouts = new Map<string, { layout: GPUBindGroupLayout; whole: GPUPipelineLayout }>()
  private readonly pipelines = new Map<string, ReadyPipeline>()
  private readonly coming = new Map<string, Promise<void>>()
  private reports: Promise<void>[] = []

  constructor(
    private readonly device: GPUDevice,
    private readonly counters: Counters,
    private readonly onFailure: (error: RetrogradError) => void,
  ) {}

  /** The pipeline of a dispatch, made now unless there is one. `dynamic` tells which bindings have dynamic offsets. */
  get(dispatch: Dispatch, dynamic: readonly boolean[]): ReadyPipeline {
    const key = pipelineKey(dispatch, dynamic)
    const known = this.pipelines.get(key)
    if (known) return known
    this.device.pushErrorScope('validation')
    const wanted = this.wanted(dispatch, dynamic)
    const ready = {
      pipeline: this.device.createComputePipeline(wanted.descriptor),
      layout: wanted.layout,
    }
    this.pipelines.set(key, ready)
    this.counters.pipelines++
    this.reports.push(this.report(wanted))
    return ready
  }

  /** Makes the pipeline of a dispatch while others are made, too. One that does not compile is told by `get`. */
  async make(dispatch: Dispatch, dynamic: readonly boolean[]): Promise<void> {
    const key = pipelineKey(dispatch, dynamic)
    if (this.pipelines.has(key)) return
    const coming = this.coming.get(key) ?? this.makeNow(dispatch, dynamic, key)
    this.coming.set(key, coming)
    await coming
  }

  private async makeNow(dispatch: Dispatch, dynamic: readonly boolean[], key: string): Promise<void> {
    this.device.pushErrorScope('validation')
    const wanted = this.wanted(dispatch, dynamic)
    const refused = this.device.popErrorScope().catch(() => null)
    const made = await this.device.createComputePipelineAsync(wanted.descriptor).catch(() => null)
    await refused
    if (made && !this.pipelines.has(key)) {
      this.pipelines.set(key, { pipeline: made, layout: wanted.layout })
      this.counters.pipelines++
    }
    this.coming.delete(key)
  }

  /** Resolves when the compile errors of all pipelines made so far are known. */
  async settled(): Promise<void> {
    const reports = this.reports
    this.reports = []
    await Promise.all(reports)
  }

  private wanted(dispatch: Dispatch, dynamic: readonly boolean[]): Wanted {
    const { source, overrides = {} } = dispatch
    const label = source.skeleton.path
    const moduleKey = sourceKey(source)
    let known = this.modules.get(moduleKey)
    if (!known) {
      const joined = join(source)
      known = { joined, module: this.device.createShaderModule({ label, code: joined.code }) }
      this.modules.set(moduleKey, known)
    }
    const { module, joined } = known
    const written = new Set([...joined.code.matchAll(WRITTEN)].map(([, binding]) => Number(binding)))
    const { layout, whole } = this.layout(dynamic.map((isDynamic, i) => [written.has(i), isDynamic]))
    const compute = { module, entryPoint: 'main', constants: { ...overrides } }
    const files = [source.skeleton, ...(source.fragments ?? [])].map(({ path }) => path)
    const name = [...new Set(files)].filter(path => path !== 'generated').join(' ')
    return { name, joined, module, layout, descriptor: { label, layout: whole, compute } }
  }

  /** The layout of storage buffers, each written or not and with a dynamic offset or not, and of the params after them. */
  private layout(buffers: readonly (readonly [isWritten: boolean, isDynamic: boolean])[]): {
    layout: GPUBindGroupLayout
    whole: GPUPipelineLayout
  } {
    const key = buffers.join(' ')
    const known = this.layouts.get(key)
    if (known) return known
    const visibility = GPUShaderStage.COMPUTE
    const layout = this.device.createBindGroupLayout({
      entries: [
        ...buffers.map(([isWritten, hasDynamicOffset], binding): GPUBindGroupLayoutEntry => {
          const type = isWritten ? 'storage' : 'read-only-storage'
          return { binding, visibility, buffer: { type, hasDynamicOffset } }
        }),
        { binding: buffers.length, visibility, buffer: { type: 'uniform' } },
      ],
    })
    const both = { layout, whole: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }) }
    this.layouts.set(key, both)
    return both
  }

  /** Turns a compile error into one that names the .wgsl file and line. */
  private async report({ name, joined, module }: Wanted): Promise<void> {
    // A device lost or destroyed meanwhile answers neither; `device.lost` tells that.
    const error = await this.device.popErrorScope().catch(() => null)
    const info = error && (await module.getCompilationInfo().catch(() => null))
    if (!error || !info) return
    const where = info.messages
      .filter(message => message.type === 'error')
      .map(message => `${joined.locate(message.lineNum)}: ${message.message}`)
    const text = where.length > 0 ? where.join('; ') : error.message
    this.onFailure(new RetrogradError('internal', `internal: the kernel ${name} does not compile: ${text}`))
  }
}

const pipelineKey = ({ source, overrides = {} }: Dispatch, dynamic: readonly boolean[]): string =>
  `${sourceKey(source)} | ${Object.entries(overrides).join(' ')} | ${dynamic.map(Number).join('')}`
