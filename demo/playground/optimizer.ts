// The optimizer that settings ask for, with its schedule.
import { type nn, optim } from 'retrograd'
import { optimizerOptions, scheduleOptions } from './network.ts'
import type { Settings } from './settings.ts'

/** Of a network's parameters, for so many rows to train on. */
export function optimizerOf(settings: Settings, model: nn.Layer, rows: number): optim.Optimizer {
  const { name, options } = optimizerOptions(settings)
  const learningRate = scheduleOf(settings, Math.ceil(rows / Math.min(settings.batchSize, rows)))
  return optim[name](model.parameters(), { ...options, learningRate })
}

function scheduleOf(settings: Settings, stepsPerEpoch: number): number | optim.Schedule {
  const found = scheduleOptions(settings, stepsPerEpoch)
  if (!found) return settings.learningRate
  if (found.name === 'warmUp') return optim.warmUp(settings.learningRate, found.options)
  // Names and options belong together, which a union of functions does not tell.
  const make = optim[found.name] as (options: object) => optim.Schedule
  return make(found.options)
}
