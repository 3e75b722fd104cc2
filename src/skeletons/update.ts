// Update kernels: parameters and an optimizer's states overwritten in place, the gradient computed as it is read.
import updateWgsl from '../../shaders/update.wgsl?raw'
import { dtypes } from '../dtype.ts'
import { must } from '../errors.ts'
import {
  type Binding,
  type Expression,
  type Kernel,
  type ShaderFile,
  shader,
  WORKGROUP_SIZE,
} from '../kernel.ts'
import { sizeOf } from '../shape.ts'
import { constantBits, type Declared, declarations, evaluation, generated, identity } from './expression.ts'

const UPDATE = shader(updateWgsl)

/** Place of the gradient among an update's inputs. */
const GRADIENT = 1

/** Elements in a row that are of one group. */
export const GROUP_BLOCK = 128

export interface UpdateShader {
  /** `direction` and `stepAlong`, which read and write the states. */
  readonly fragments: readonly ShaderFile[]
  /** Names of the states' bindings. */
  readonly states: readonly string[]
  /** Names of the settings, in order. In WGSL, `learningRate` is LEARNING_RATE. */
  readonly settings: readonly string[]
}

/**
 * The kernel of an update. Inputs: parameter, gradient, states, settings; where settings differ among parameters, a
 * uint32 table of the group of each GROUP_BLOCK elements, and the settings of all groups one after another; where there
 * is one more, a bool that is false where nothing is to be done. With `source`, the gradient is the value of an
 * expression: its first input stands in the gradient's place, the others after all the rest.
 */
export function update(shader: UpdateShader, source?: Expression): Kernel {
  const { fragments, states } = shader
  return {
    variants: ['vec4'],
    ...(source ? {} : { prologueOperand: GRADIENT, withPrologue: expression => update(shader, expression) }),
    program: ({ inputs }) => {
      const parameter = must(inputs[0], 'parameter')
      const expression = source ?? identity(dtypes[must(inputs[GRADIENT], 'gradient').dtype].wgsl)
      // Where the settings stand, and how many inputs there are apart from the expression's later ones.
      const settings = GRADIENT + 1 + states.length
      const others = inputs.length - (expression.inputs.length - 1)
      const isGrouped = others > settings + 1 && inputs[settings + 1]?.dtype === 'uint32'
      const flag = settings + (isGrouped ? 2 : 1)
      const mayBeIdle = others > flag
      const reads = expression.inputs.map((_, i) => (i === 0 ? GRADIENT : others + i - 1))
      const isSingle = expression.inputs.map(({ first }, i) => {
        const { shape } = must(inputs[reads[i] as number], 'input')
        return first === true || (sizeOf(shape) === 1 && sizeOf(parameter.shape) !== 1)
      })
      const size = Math.ceil(sizeOf(parameter.shape) / 4)
      const bindings: Binding[] = [
        { output: 0 },
        ...states.map((_, i) => ({ output: i + 1 })),
        { input: settings },
        ...(isGrouped ? [{ input: settings + 1 }] : []),
        ...(mayBeIdle ? [{ input: flag }] : []),
        ...reads.map(input => ({ input })),
      ]
      const declared: Declared[] = [
        ...['parameter', ...states].map(name => ({ name, type: 'vec4<T>', written: true })),
        { name: 'settings', type: 'f32' },
        ...(isGrouped ? [{ name: 'table', type: 'u32' }] : []),
        ...(mayBeIdle ? [{ name: 'proceed', type: 'u32' }] : []),
        ...expression.inputs.map(({ type }, i) => ({
          name: `gradient${i}`,
          type: isSingle[i] ? type : `vec4<${type}>`,
        })),
      ]
      const isPlain = expression.steps.length === 0 && isSingle[0] === false
      const { files, statements, results } = evaluation(expression, {
        index: 'index',
        load: i => `element${i}`,
      })
      const code = generated([
        ...declarations(declared),
        ...(isGrouped
          ? [
              'var<private> row: u32;',
              `fn selectGroup(index: u32) { row = ${shader.settings.length}u * table[index / ${GROUP_BLOCK / 4}u]; }`,
              'fn setting(i: u32) -> f32 { return settings[row + i]; }',
            ]
          : ['fn selectGroup(index: u32) {}', 'fn setting(i: u32) -> f32 { return settings[i]; }']),
        `fn isIdle() -> bool { return ${mayBeIdle ? 'proceed[0] == 0u' : 'false'}; }`,
        `fn gradientElement(${['index: u32', ...expression.inputs.map(({ type }, i) => `element${i}: ${type}`)].join(', ')}) -> f32 {`,
        ...statements,
        `return f32(${results[0]});`,
        '}',
        'fn gradientAt(index: u32) -> vec4<f32> {',
        ...(isPlain
          ? ['return vec4<f32>(gradient0[index]);']
          : [
              ...expression.inputs.map(
                (_, i) => `let read${i} = gradient${i}[${isSingle[i] ? '0' : 'index'}];`,
              ),
              `return vec4<f32>(${['x', 'y', 'z', 'w'].map((lane, k) => elementAt(k, lane, isSingle)).join(', ')});`,
            ]),
        '}',
      ])
      return {
        dispatches: [
          {
            source: {
              skeleton: UPDATE,
              fragments: [...files, code, ...fragments],
              types: { T: dtypes[parameter.dtype].wgsl },
              constants: Object.fromEntries(shader.settings.map((name, i) => [upperCase(name), i])),
            },
            overrides: { WORKGROUP_SIZE },
            bindings,
            params: { size, constants: constantBits(expression) },
            workgroups: Math.ceil(size / WORKGROUP_SIZE),
          },
        ],
      }
    },
  }
}

const upperCase = (name: string): string => name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()

/** The gradient of one of four elements. */
function elementAt(k: number, lane: string, isSingle: readonly boolean[]): string {
  const operands = isSingle.map((single, i) => (single ? `read${i}` : `read${i}.${lane}`))
  return `gradientElement(${[`4u * index + ${k}u`, ...operands].join(', ')})`
}
