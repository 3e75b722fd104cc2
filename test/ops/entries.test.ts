// What every entry owes: samples of the sizes that break kernels, a tolerance, a note where it has no gradient.
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Engine, init } from '../../src/index.ts'
import { ops } from '../../src/ops/table.ts'
import { argumentsOf, callOp, drawInputs, uploadInputs } from '../../src/proof/samples.ts'
import { sizeOf } from '../../src/shape.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})

afterAll(() => engine.dispose())

/** Shapes of inputs and outputs of all of an op's small samples. */
function shapesOf(name: string): (readonly number[])[] {
  const op = ops[name]
  if (!op) throw new Error(`no op ${name}`)
  return op.definition.samples
    .filter(sample => !sample.benchmark)
    .flatMap(sample =>
      engine.use(() => {
        const inputs = uploadInputs(op, sample, engine, drawInputs(sample, 0))
        const outputs = callOp(op, argumentsOf(sample, inputs))
        return [...inputs, ...outputs].map(({ shape }) => shape)
      }),
    )
}

describe.each(Object.keys(ops))('%s', name => {
  test('has samples of size 1, of a size no workgroup divides, and of rank 2 or more', () => {
    const shapes = shapesOf(name)
    expect(shapes.some(shape => sizeOf(shape) === 1)).toBe(true)
    expect(shapes.some(shape => sizeOf(shape) > 64 && sizeOf(shape) % 2 === 1)).toBe(true)
    expect(shapes.some(shape => shape.length >= 2 && sizeOf(shape) > 1)).toBe(true)
  })

  test('says why a sample has no gradient check', () => {
    const { samples, gradient } = ops[name]?.definition ?? {}
    for (const sample of samples ?? []) {
      if (sample.gradient === false && gradient !== 'none') expect(sample.note).toBeTruthy()
    }
  })
})

test('the table holds every op that a file of src/ops defines', async () => {
  const folder = new URL('../../src/ops/', import.meta.url)
  const defined: string[] = []
  for (const file of readdirSync(folder)) {
    const module = (await import(new URL(file, folder).href)) as Record<string, unknown>
    for (const item of Object.values(module)) {
      if (typeof item === 'function' && 'definition' in item)
        defined.push((item as unknown as { definition: { name: string } }).definition.name)
    }
  }
  expect([...new Set(defined)].sort()).toEqual(Object.keys(ops).sort())
})
