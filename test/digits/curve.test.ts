// The curve of losses that the digits' page draws.
import { expect, test } from 'vitest'
import { LossCurve } from '../../demo/digits/curve.ts'

test('the loss on test digits stands where it was measured, the last one, too', () => {
  const curve = new LossCurve()
  curve.judge(2.3)
  curve.add([3, 2])
  curve.judge(1.5)
  expect(curve.points()).toEqual({ steps: [1, 2], losses: [3, 2], tests: [2.3, 1.5] })
  curve.add([1])
  expect(curve.points().tests).toEqual([2.3, 1.5, 1.5])
})

test('many steps are a bounded number of points, each the mean of as many', () => {
  const curve = new LossCurve()
  curve.add(Array.from({ length: 4000 }, (_, i) => i))
  const { steps, losses } = curve.points()
  expect(steps.length).toBeLessThan(1000)
  const bucket = (steps[1] as number) - (steps[0] as number)
  steps.forEach((step, i) => {
    expect(step % bucket).toBe(0)
    expect(losses[i]).toBeCloseTo(step - 1 - (bucket - 1) / 2, 9)
  })
  curve.rewind(steps[9] as number)
  expect(curve.points().steps).toEqual(steps.slice(0, 10))
})
