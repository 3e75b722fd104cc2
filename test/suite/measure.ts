// Measuring: tuning, which only chooses between kernels, and profiles, which only watch.
import {
  compile,
  type Engine,
  grad,
  meanSquaredError,
  nn,
  optim,
  profile,
  restoreTuning,
  storeTuning,
  type Tensor,
  tune,
  uniform,
} from '../../src/index.ts'
import { ensure, near, refuses, same } from './assert.ts'
import type { Case } from './values.ts'

function training(engine: Engine) {
  return engine.use(() => {
    const model = nn.mlp([12, 3])
    const parameters = model.parameters()
    const optimizer = optim.adam(parameters)
    const x = uniform([18, 12], { seed: 1 })
    const y = uniform([18, 3], { seed: 2 })
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = meanSquaredError(model(x, { training: true }), y)
      optimizer.step(grad(loss, parameters))
      return loss
    })
    return { step, x, y, parameters }
  })
}

export const measure: Readonly<Record<string, Case>> = {
  'tuning times every variant, takes the fastest and changes no number but by rounding': async engine => {
    const { step, x, y, parameters } = training(engine)
    if (engine.backend === 'cpu') {
      await refuses('unsupported', () => tune(step, [x, y]))
      return
    }
    const before = await step(x, y).item()
    const start = await Promise.all(parameters.map(item => item.data()))
    const report = await tune(step, [x, y], { repetitions: 1 })
    ensure(report.rows.length > 2, `${report.rows.length} kernels tuned`)
    for (const { milliseconds, chosen, op } of report.rows) {
      ensure(Object.keys(milliseconds).length > 1, `${op} has variants`)
      ensure(
        Object.values(milliseconds).every(time => time >= 0),
        `${op} was timed: ${JSON.stringify(milliseconds)}`,
      )
      ensure(chosen in milliseconds, `${op}: ${chosen} is one of them`)
    }
    const after = await Promise.all(parameters.map(item => item.data()))
    same(after, start, 'parameters, which tuning leaves alone')
    // Each product by the variant said to be fastest.
    const variants = step.plan(x, y).kernels.map(({ variant }) => variant)
    for (const { chosen } of report.rows) ensure(variants.includes(chosen), `${chosen} is in the plan`)
    ensure((await step(x, y).item()) < before, 'the loss falls on')
    same(engine.tuning, JSON.parse(JSON.stringify(engine.tuning)), 'the tuning as JSON')
    const tuning = engine.tuning
    engine.tuning = { ...tuning, choices: {} }
    engine.tuning = tuning
    same(
      step.plan(x, y).kernels.map(({ variant }) => variant),
      variants,
      'variants under the same tuning',
    )
    await refuses('value', () => {
      engine.tuning = { adapter: 'another', choices: {} }
    })
    if (typeof indexedDB === 'undefined') await refuses('unsupported', () => storeTuning(engine))
    else {
      await storeTuning(engine)
      engine.tuning = { ...tuning, choices: {} }
      ensure(await restoreTuning(engine), 'something was kept')
      same(engine.tuning, tuning, 'the tuning kept')
    }
    engine.tuning = { ...tuning, choices: {} }
    step.dispose()
  },

  'a profile has a row a dispatch, a share of the roofline, a table and a picture': async engine => {
    const { step, x, y } = training(engine)
    if (engine.backend === 'cpu') {
      await refuses('unsupported', () => profile(step, [x, y]))
      return
    }
    const peak = { gigaflopsPerSecond: 4, gigabytesPerSecond: 2 }
    const found = await profile(step, [x, y], { calls: 3, peak })
    const { dispatches, kernels } = step.plan(x, y)
    same(found.rows.length, dispatches, 'rows')
    near([found.rows.reduce((sum, row) => sum + row.share, 0)], [1], 1e-6, 'shares')
    found.rows.forEach((row, i) => {
      const { operations, bytesRead, bytesWritten } = kernels[i] as (typeof kernels)[number]
      // In milliseconds: a giga a second is a million a millisecond.
      const least = Math.max(operations / 4e6, (bytesRead + bytesWritten) / 2e6)
      ensure(row.milliseconds >= 0, `${row.op} took ${row.milliseconds} ms`)
      if (row.milliseconds > 0)
        near([row.roofline], [least / row.milliseconds], 1e-9, `roofline of ${row.op}`)
    })
    same(String(found).split('\n').length, dispatches + 3, 'lines of the table')
    same(found.toSVG().match(/class="bar"/g)?.length, dispatches, 'bars of the picture')
    const { dispatches: before } = engine.counters()
    step(x, y)
    same(engine.counters().dispatches - before, dispatches, 'dispatches of a call afterwards')
    step.dispose()
  },
}
