// What settings say of the network and its training, in the library's words: shared by the trainer and the program to copy.
import type { Settings } from './settings.ts'

/** What kind of answer the network gives. */
export interface Task {
  /** Names of the classes; null where a number is predicted. */
  readonly classes: readonly string[] | null
  readonly outputs: number
  readonly loss: 'sigmoidCrossEntropy' | 'softmaxCrossEntropy' | 'meanSquaredError'
}

/** Two classes need one output: how much speaks for the second. */
export function taskOf(classes: readonly string[] | null): Task {
  if (!classes) return { classes, outputs: 1, loss: 'meanSquaredError' }
  return classes.length === 2
    ? { classes, outputs: 1, loss: 'sigmoidCrossEntropy' }
    : { classes, outputs: classes.length, loss: 'softmaxCrossEntropy' }
}

/** Settings that judge on the way, when to stop or when to halve the rate, need rows for it that are not those of the test. */
const judges = ({ patience, schedule }: Settings): boolean => patience > 0 || schedule === 'reduceOnPlateau'

/** Shares of the rows: of those to train on, a fifth is held out for validation where that is needed. */
export function sharesOf(settings: Settings): { train: number; validation: number; test: number } {
  const held = judges(settings) ? 2 : 0
  const { trainShare } = settings
  const share = (percents: number) => Math.round(10 * percents) / 1000
  return {
    train: share((trainShare * (10 - held)) / 10),
    validation: share((trainShare * held) / 10),
    test: share(100 - trainShare),
  }
}

/** The same for `count` rows of a table: how many are held out of how many. */
export function countsOf(count: number, settings: Settings): { learnt: number; held: number } {
  const learnt = Math.round((count * settings.trainShare) / 100)
  return { learnt, held: judges(settings) ? Math.max(1, Math.round(learnt / 5)) : 0 }
}

/** Options of nn.mlp. */
export const networkOptions = ({ layers, dropout, batchNorm, initializer }: Settings) => ({
  activation: layers.map(({ activation }) => activation),
  ...(dropout > 0 ? { dropout: dropout / 100 } : {}),
  ...(batchNorm ? { batchNorm } : {}),
  initializer,
})

/** The optimizer of optim, and its options but for the learning rate. */
export function optimizerOptions({ optimizer, penalty, penaltyRate }: Settings) {
  const isSgd = optimizer === 'momentum' || optimizer === 'nesterov'
  return {
    name: isSgd ? ('sgd' as const) : optimizer,
    options: {
      ...(isSgd ? { momentum: 0.9 } : {}),
      ...(optimizer === 'nesterov' ? { nesterov: true } : {}),
      ...(penalty === 'l1' ? { l1: penaltyRate } : {}),
      // adamw would decay by a default of its own.
      ...(penalty === 'l2' || optimizer === 'adamw'
        ? { weightDecay: penalty === 'l2' ? penaltyRate : 0 }
        : {}),
    },
  }
}

/** The schedule of optim and its options; null: the same rate throughout. */
export function scheduleOptions(
  { schedule, scheduleEpochs, learningRate: initial }: Settings,
  stepsPerEpoch: number,
) {
  const steps = Math.max(2, scheduleEpochs * stepsPerEpoch)
  const part = Math.max(1, Math.round(steps / 4))
  switch (schedule) {
    case 'constant':
      return null
    case 'stepDecay':
      return { name: schedule, options: { initial, every: part } }
    case 'exponential':
      return { name: schedule, options: { initial, factor: 0.5, every: part } }
    case 'cosine':
    case 'linear':
      return { name: schedule, options: { initial, steps } }
    case 'warmUp':
      return { name: schedule, options: { steps: part } }
    case 'oneCycle':
      return { name: schedule, options: { max: initial, steps } }
    case 'reduceOnPlateau':
      return { name: schedule, options: { initial } }
  }
}

/** How made-up points are asked of the library: which of its generators, how noisy, and what brings them within ±1. */
export function generatorOf({ data, noise, classes, seed }: Settings) {
  // In thousandths, so that programs show few digits.
  const deviation = (least: number, perPercent: number) => (1000 * least + perPercent * noise) / 1000
  const place = (centre: number, scale: number) => ({ centre, scale })
  switch (data) {
    case 'spiral':
      return {
        name: data,
        options: { noise: deviation(0, 2), seed, arms: classes, turns: 1.5 },
        ...place(0, 1),
      }
    case 'circle':
      return { name: data, options: { noise: deviation(0, 4), seed }, ...place(0, 1) }
    case 'xor':
      return { name: data, options: { noise: deviation(0.15, 5), seed }, ...place(0.5, 1.2) }
    default:
      return { name: 'gauss' as const, options: { noise: deviation(0.3, 10), seed }, ...place(0, 0.55) }
  }
}
