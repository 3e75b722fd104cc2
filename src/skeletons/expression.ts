// Expressions as WGSL: the elementwise fragments of one op or of a fused chain, joined to code that a skeleton calls.
import numberFloat from '../../shaders/number_float.wgsl?raw'
import numberInteger from '../../shaders/number_integer.wgsl?raw'
import { bug, must } from '../errors.ts'
import type { Expression, Instruction, Operand, ShaderFile } from '../kernel.ts'
import { shader } from '../kernel.ts'
import { at } from '../shape.ts'

/** Numbers of an expression that its kernel's uniform has room for. */
export const MAX_CONSTANTS = 8

const TESTS = { float: shader(numberFloat), integer: shader(numberInteger) }
/** What those files define. */
const TEST_NAMES = ['unordered', 'isTrue']

/** `isTrue` and `unordered` for the type arithmetic is done in. */
export const numberTests = (compute: string): ShaderFile => (compute === 'f32' ? TESTS.float : TESTS.integer)

/** The same text with whole words replaced. */
function reworded({ path, text }: ShaderFile, words: ReadonlyMap<string, string>): ShaderFile {
  const tag = [...words].join(' ')
  const pattern = new RegExp(`\\b(${[...words.keys()].join('|')})\\b`, 'g')
  return { path, tag, text: text.replace(pattern, word => words.get(word) ?? word) }
}

/** A file whose functions get the types in their names, so that several of its kind fit in one module. */
function specialised(
  file: ShaderFile,
  types: Readonly<Record<string, string>>,
): { files: ShaderFile[]; apply: string } {
  const suffix = `_${file.path.replace(/\.wgsl$/, '').replace(/\W/g, '_')}_${Object.values(types).join('_')}`
  const functions = [...file.text.matchAll(/^fn (\w+)\(/gm)].map(([, name]) => must(name, 'a function'))
  const compute = types.Compute ?? ''
  const words = new Map([
    ...Object.entries(types),
    ...functions.map((name): [string, string] => [name, name + suffix]),
    ...TEST_NAMES.map((name): [string, string] => [name, `${name}_${compute}`]),
  ])
  const tests = TEST_NAMES.some(name => file.text.includes(name))
    ? [
        reworded(
          numberTests(compute),
          new Map([['Compute', compute], ...TEST_NAMES.map((n): [string, string] => [n, `${n}_${compute}`])]),
        ),
      ]
    : []
  return { files: [...tests, reworded(file, words)], apply: `apply${suffix}` }
}

/** Where an expression is evaluated: how the skeleton names an element's place, and how it reads each input there. */
export interface Site {
  /** WGSL of the element's place in row-major order. */
  readonly index: string
  /** WGSL of an input's element at that place. */
  load(input: number): string
}

/** WGSL that evaluates an expression: the files it calls, its statements, and the WGSL of its results. */
export interface Evaluation {
  readonly files: readonly ShaderFile[]
  readonly statements: readonly string[]
  readonly results: readonly string[]
}

/** Writes an expression out for a site. */
export function evaluation({ constants, steps, results, inputs }: Expression, site: Site): Evaluation {
  const files = new Map<string, ShaderFile>()
  // An input read twice is loaded once.
  const uses = inputs.map(
    (_, input) => steps.flatMap(step => step.operands.filter(o => 'input' in o && o.input === input)).length,
  )
  const loaded = inputs.flatMap((_, input) => (at(uses, input) > 1 ? [input] : []))
  const wgsl = (operand: Operand): string => {
    if ('step' in operand) return `v${operand.step}`
    if ('input' in operand)
      return loaded.includes(operand.input) ? `x${operand.input}` : site.load(operand.input)
    const { type } = must(constants[operand.constant], 'constant')
    const word = `params.constants[${operand.constant >> 2}][${operand.constant & 3}]`
    return type === 'u32' ? word : `bitcast<${type}>(${word})`
  }
  const call = (step: Instruction): string => {
    const { files: needed, apply } = specialised(step.fragment, step.types)
    for (const file of [...(step.library ?? []), ...needed]) files.set(file.path + (file.tag ?? ''), file)
    const operands = step.operands.map((operand, i) => {
      const type = step.converted[i] ?? null
      return type === null ? wgsl(operand) : `${type}(${wgsl(operand)})`
    })
    // Rounded as if it had been stored: fused ops give the numbers of single ones.
    return `${step.stored}(${apply}(${[...(step.indexed ? [site.index] : []), ...operands].join(', ')}))`
  }
  const statements = [
    ...loaded.map(input => `let x${input} = ${site.load(input)};`),
    ...steps.map((step, i) => `let v${i} = ${call(step)};`),
  ]
  return { files: [...files.values()], statements, results: results.map(wgsl) }
}

/** WGSL written by the engine rather than read from a file. */
export const generated = (lines: readonly string[]): ShaderFile => {
  const text = lines.join('\n')
  return { path: 'generated', tag: `\n${text}`, text }
}

/** A binding as WGSL declares it: its name, the type of its elements, and whether it is written. */
export interface Declared {
  readonly name: string
  readonly type: string
  readonly written?: boolean
}

/** Declarations of bindings from `first` on, and of the params after them. */
export function declarations(bindings: readonly Declared[], first = 0): string[] {
  return [
    ...bindings.map(({ name, type, written }, i) => {
      const access = written ? 'read_write' : 'read'
      return `@group(0) @binding(${first + i}) var<storage, ${access}> ${name}: array<${type}>;`
    }),
    `@group(0) @binding(${first + bindings.length}) var<uniform> params: Params;`,
  ]
}

const words = new DataView(new ArrayBuffer(4))

/** The constants of an expression as the bits its kernel's uniform holds. */
export function constantBits({ constants }: Expression): number[] {
  if (constants.length > MAX_CONSTANTS) bug(`${constants.length} constants in an expression`)
  const bits = constants.map(({ value, type }) => {
    if (type === 'f32') words.setFloat32(0, value)
    else words.setInt32(0, value | 0)
    return words.getUint32(0)
  })
  return [...bits, ...new Array<number>(MAX_CONSTANTS - bits.length).fill(0)]
}

/** The expression that hands its input on. */
export const identity = (type: string): Expression => ({
  inputs: [{ type }],
  constants: [],
  steps: [],
  results: [{ input: 0 }],
})

/** `second`, its input 0 the one result of `first`. The other inputs of `second` follow those of `first`. */
export function compose(first: Expression, second: Expression): Expression {
  const result = must(first.results[0], 'result')
  const moved = (operand: Operand): Operand => {
    if ('step' in operand) return { step: operand.step + first.steps.length }
    if ('constant' in operand) return { constant: operand.constant + first.constants.length }
    return operand.input === 0 ? result : { input: operand.input + first.inputs.length - 1 }
  }
  return {
    inputs: [...first.inputs, ...second.inputs.slice(1)],
    constants: [...first.constants, ...second.constants],
    steps: [...first.steps, ...second.steps.map(step => ({ ...step, operands: step.operands.map(moved) }))],
    results: second.results.map(moved),
  }
}
