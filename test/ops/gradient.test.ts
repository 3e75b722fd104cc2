// Every gradient against finite differences of the reference in double precision, and the gradient of every gradient.
import { expect, test } from 'vitest'
import { detach, mul, type Tensor } from '../../src/index.ts'
import { ops } from '../../src/ops/table.ts'
import { gradientCheck } from '../../src/proof/index.ts'

const withGradient = Object.entries(ops).filter(([, op]) => op.definition.gradient !== 'none')

test.each(withGradient)('%s', async (_, op) => {
  const { checks, failures } = await gradientCheck(op)
  expect(failures.map(failure => failure.message)).toEqual([])
  expect(checks).toBeGreaterThan(0)
})

test('a wrong gradient is found, with its place', async () => {
  // The product rule without its first half.
  const wrong = (x: Tensor): Tensor => mul(detach(x), x)
  const { failures } = await gradientCheck(wrong, {
    samples: [{ inputs: [{ shape: [3], low: 1, high: 2 }] }],
  })
  expect(failures[0]?.message).toMatch(
    /^\[wrong\] gradient of order 1, input 0, index \[0\]: by differences .*, by grad/,
  )
})
