// Every gradient against finite differences of the reference in double precision, and the gradient of every gradient.
import { expect, test } from 'vitest'
import { ops } from '../../src/ops/table.ts'
import { gradientCheck } from '../../src/proof/index.ts'
import { primitiveOf } from '../../src/proof/samples.ts'

const withGradient = Object.entries(ops).filter(([, op]) => op.definition.gradient !== 'none')

test.each(withGradient)('%s', async (_, op) => {
  const { checks, failures } = await gradientCheck(op)
  expect(failures.map(failure => failure.message)).toEqual([])
  expect(checks).toBeGreaterThan(0)
})

test('a wrong gradient is found, with its place', async () => {
  const relu = ops['relu']
  if (!relu) throw new Error('no relu')
  const wrong = Object.assign((...args: never[]) => relu(...args), relu)
  expect(primitiveOf(wrong)).not.toBeNull()
  const { failures } = await gradientCheck(
    x => x.detach().mul(x),
    { samples: [{ inputs: [{ shape: [3], low: 1, high: 2 }] }] },
  )
  expect(failures[0]?.message).toMatch(/gradient of order 1, input 0, index \[0\]: by differences .*, by grad/)
})
