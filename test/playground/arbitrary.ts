// Settings of the playground, drawn at random within their limits.
import fc from 'fast-check'
import {
  ACTIVATIONS,
  DATA_SETS,
  DEFAULTS,
  FEATURES,
  INITIALIZERS,
  LIMITS,
  OPTIMIZERS,
  PENALTIES,
  SCHEDULES,
  type Settings,
} from '../../demo/playground/settings.ts'

const whole = ([min, max]: readonly [number, number]) => fc.integer({ min, max })
const real = ([min, max]: readonly [number, number]) => fc.double({ min, max, noNaN: true })

/** Any settings, but for those of own data. */
export const anySettings: fc.Arbitrary<Settings> = fc.record({
  data: fc.constantFrom(...DATA_SETS),
  classes: whole(LIMITS.classes),
  count: whole(LIMITS.count),
  noise: whole(LIMITS.noise),
  trainShare: whole(LIMITS.trainShare),
  batchSize: whole(LIMITS.batchSize),
  features: fc.subarray([...FEATURES], { minLength: 1 }),
  layers: fc.array(fc.record({ units: whole(LIMITS.units), activation: fc.constantFrom(...ACTIVATIONS) }), {
    minLength: LIMITS.layers[0],
    maxLength: LIMITS.layers[1],
  }),
  learningRate: real(LIMITS.learningRate),
  optimizer: fc.constantFrom(...OPTIMIZERS),
  schedule: fc.constantFrom(...SCHEDULES),
  scheduleEpochs: whole(LIMITS.scheduleEpochs),
  penalty: fc.constantFrom(...PENALTIES),
  penaltyRate: real(LIMITS.penaltyRate),
  dropout: whole(LIMITS.dropout),
  batchNorm: fc.boolean(),
  initializer: fc.constantFrom(...INITIALIZERS),
  patience: whole(LIMITS.patience),
  seed: whole(LIMITS.seed),
  showTest: fc.boolean(),
  discrete: fc.boolean(),
  columns: fc.constant(DEFAULTS.columns),
  map: fc.constant(DEFAULTS.map),
})
