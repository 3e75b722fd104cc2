// All that a visitor can set, as one plain object.
import type { data, nn } from 'retrograd'

export const DATA_SETS = ['spiral', 'circle', 'xor', 'gauss', 'plane', 'hills', 'own'] as const
export const FEATURES = ['x1', 'x2', 'x1²', 'x2²', 'x1x2', 'sin x1', 'sin x2'] as const
export const ACTIVATIONS = [
  'tanh',
  'relu',
  'sigmoid',
  'identity',
  'leakyRelu',
  'elu',
  'selu',
  'gelu',
  'silu',
  'softplus',
] as const satisfies readonly nn.ActivationName[]
export const OPTIMIZERS = ['adam', 'adamw', 'sgd', 'momentum', 'nesterov', 'rmsprop', 'adagrad'] as const
export const SCHEDULES = [
  'constant',
  'stepDecay',
  'exponential',
  'cosine',
  'linear',
  'warmUp',
  'oneCycle',
  'reduceOnPlateau',
] as const
export const PENALTIES = ['none', 'l1', 'l2'] as const
export const INITIALIZERS = [
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'lecunUniform',
  'lecunNormal',
  'orthogonal',
  'zeros',
] as const satisfies readonly nn.InitializerName[]
export const CODINGS = [
  'standardize',
  'minMax',
  'keep',
  'oneHot',
  'binary',
] as const satisfies readonly data.Coding[]

export type DataSet = (typeof DATA_SETS)[number]
export type Feature = (typeof FEATURES)[number]
export type Activation = (typeof ACTIVATIONS)[number]

/** A hidden layer. */
export interface HiddenLayer {
  readonly units: number
  readonly activation: Activation
}

/** Which columns of a table of one's own are used, and how. */
export interface Columns {
  readonly label: string
  /** Whether the label names classes or is a number to predict. */
  readonly task: 'classes' | 'number'
  readonly features: Readonly<Record<string, data.Coding>>
}

/** All that a visitor can set. */
export interface Settings {
  readonly data: DataSet
  /** Arms of the spiral. */
  readonly classes: number
  /** Points that are made. */
  readonly count: number
  /** Percent. */
  readonly noise: number
  /** Percent of the rows that are trained on. */
  readonly trainShare: number
  readonly batchSize: number
  readonly features: readonly Feature[]
  readonly layers: readonly HiddenLayer[]
  readonly learningRate: number
  readonly optimizer: (typeof OPTIMIZERS)[number]
  readonly schedule: (typeof SCHEDULES)[number]
  /** Epochs that a schedule takes. */
  readonly scheduleEpochs: number
  readonly penalty: (typeof PENALTIES)[number]
  readonly penaltyRate: number
  /** Percent of each hidden layer that is dropped. */
  readonly dropout: number
  readonly batchNorm: boolean
  readonly initializer: (typeof INITIALIZERS)[number]
  /** Epochs without an improvement after which training stops; 0: never. */
  readonly patience: number
  readonly seed: number
  readonly showTest: boolean
  readonly discrete: boolean
  readonly columns: Columns | null
  /** The two inputs of own data that maps are drawn over; null: as is usual. */
  readonly map: readonly [string, string] | null
}

export const LIMITS = {
  classes: [2, 6],
  count: [20, 5000],
  noise: [0, 50],
  trainShare: [10, 90],
  batchSize: [1, 1024],
  learningRate: [1e-6, 10],
  scheduleEpochs: [1, 100_000],
  penaltyRate: [0, 10],
  dropout: [0, 90],
  patience: [0, 10_000],
  seed: [0, 4_294_967_295],
  units: [1, 1024],
  layers: [0, 8],
} as const satisfies Record<string, readonly [number, number]>

/** A deep network that learns the spiral. */
export const DEFAULTS: Settings = {
  data: 'spiral',
  classes: 2,
  count: 400,
  noise: 0,
  trainShare: 50,
  batchSize: 20,
  features: ['x1', 'x2'],
  layers: [
    { units: 8, activation: 'tanh' },
    { units: 8, activation: 'tanh' },
    { units: 8, activation: 'tanh' },
  ],
  learningRate: 0.02,
  optimizer: 'adam',
  schedule: 'constant',
  scheduleEpochs: 200,
  penalty: 'none',
  penaltyRate: 0.001,
  dropout: 0,
  batchNorm: false,
  initializer: 'glorotUniform',
  patience: 0,
  seed: 1,
  showTest: false,
  discrete: false,
  columns: null,
  map: null,
}
