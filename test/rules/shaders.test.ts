// Shader contracts: what wgsl_reflect reads in every joined source is what the TypeScript side binds, packs and overrides.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js'
import { type Engine, init, type Program } from '../../src/index.ts'
import type { DeviceTraits, Dispatch } from '../../src/kernel.ts'
import { ops } from '../../src/ops/table.ts'
import { argumentsOf, drawInputs, primitiveOf, uploadInputs } from '../../src/proof/samples.ts'
import { inputSpecs } from '../../src/proof/variants.ts'
import { sizeOf } from '../../src/shape.ts'
import type { Spec } from '../../src/tape.ts'
import { join, paramsLayout, sourceKey } from '../../src/webgpu/kernel.ts'

/** An adapter that can run every variant. */
const everything: DeviceTraits = {
  isSoftware: false,
  subgroups: true,
  subgroupMinSize: 32,
  subgroupId: true,
  float16: true,
  maxInvocations: 1024,
  maxWorkgroupBytes: 49152,
  maxStorageBuffers: 8,
}

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})

afterAll(() => engine.dispose())

/** Every distinct dispatch of an op's samples, in each variant, with float16 in place of float32 too. */
function dispatchesOf(name: string): Map<string, Dispatch> {
  const found = new Map<string, Dispatch>()
  const op = ops[name]
  const primitive = op && primitiveOf(op)
  if (!op || !primitive) return found
  for (const sample of op.definition.samples) {
    if (sample.benchmark) continue
    const tensors = uploadInputs(op, sample, engine, drawInputs(sample, 1))
    const { inputs, attributes } = inputSpecs(primitive, argumentsOf(sample, tensors))
    const inferred = primitive.infer(inputs, attributes)
    const outputs: readonly Spec[] = Array.isArray(inferred) ? inferred : [inferred as Spec]
    for (const tensor of tensors) tensor.dispose()
    if (outputs.every(({ shape }) => sizeOf(shape) === 0)) continue
    for (const half of [false, true]) {
      const specs = (list: readonly Spec[]): Spec[] =>
        list.map(({ shape, dtype }) => ({ shape, dtype: half && dtype === 'float32' ? 'float16' : dtype }))
      for (const variant of primitive.kernel.variants) {
        const request = {
          inputs: specs(inputs),
          outputs: specs(outputs),
          attributes,
          device: everything,
          variant,
        }
        if (primitive.kernel.supports && !primitive.kernel.supports(request)) continue
        const { dispatches }: Program = primitive.kernel.program(request)
        for (const dispatch of dispatches) {
          found.set(
            `${sourceKey(dispatch.source)} ${Object.keys(dispatch.overrides ?? {})} ${JSON.stringify(dispatch.bindings)}`,
            dispatch,
          )
        }
      }
    }
  }
  return found
}

/** wgsl_reflect knows neither directives it has not heard of nor aliases of aliases in uniforms. */
const readable = (code: string): string => code.replace(/^(enable|requires) .*;$/gm, '')

function check(dispatch: Dispatch): void {
  const where = sourceKey(dispatch.source)
  const reflected = new WgslReflect(readable(join(dispatch.source).code))
  const entries = reflected.entry.compute
  expect(
    entries.map(entry => entry.name),
    where,
  ).toEqual(['main'])

  const storage = [...reflected.storage].sort((a, b) => a.binding - b.binding)
  expect(
    storage.map(({ group, binding }) => [group, binding]),
    where,
  ).toEqual(dispatch.bindings.map((_, i) => [0, i]))
  dispatch.bindings.forEach((binding, i) => {
    const access = storage[i]?.access
    if ('output' in binding || 'status' in binding)
      expect(access, `${where}: ${storage[i]?.name}`).toBe('read_write')
    if ('input' in binding) expect(access, `${where}: ${storage[i]?.name}`).toBe('read')
  })

  const [uniform, ...others] = reflected.uniforms
  expect(others, where).toEqual([])
  expect([uniform?.name, uniform?.group, uniform?.binding], where).toEqual([
    'params',
    0,
    dispatch.bindings.length,
  ])
  const layout = paramsLayout(dispatch.source)
  expect(
    uniform?.members?.map(({ name, offset }) => [name, offset]),
    where,
  ).toEqual(layout.fields.map(({ name, offset }) => [name, offset]))
  expect(uniform?.size, where).toBe(layout.bytes)

  const known = reflected.overrides.map(({ name }) => name)
  for (const name of Object.keys(dispatch.overrides ?? {})) expect(known, where).toContain(name)
  const size = dispatch.overrides?.WORKGROUP_SIZE
  if (size !== undefined) expect(Number.isInteger(size) && size > 0 && size <= 256, where).toBe(true)
}

describe('every kernel is what it is said to be', () => {
  const primitives = Object.keys(ops).filter(name =>
    primitiveOf(ops[name] as NonNullable<(typeof ops)[string]>),
  )
  test.each(primitives)('%s', name => {
    const dispatches = dispatchesOf(name)
    expect(dispatches.size).toBeGreaterThan(0)
    for (const dispatch of dispatches.values()) check(dispatch)
  })
})
