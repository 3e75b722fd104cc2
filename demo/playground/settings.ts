// All that a visitor can set, as one plain object, and the same as text behind the # of the address.
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
}

/** Of the form of the text: raised when a name in it comes to mean something else. */
const VERSION = '1'

interface Field<Value> {
  write(value: Value): string
  /** Undefined where the text is no such value. */
  read(text: string): Value | undefined
}

const number = ([low, high]: readonly [number, number], whole = true): Field<number> => ({
  write: String,
  read: text => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    return value >= low && value <= high && (!whole || Number.isInteger(value)) ? value : undefined
  },
})

const choice = <Value extends string>(values: readonly Value[]): Field<Value> => ({
  write: String,
  read: text => values.find(value => value === text),
})

const yesOrNo: Field<boolean> = {
  write: value => (value ? 'yes' : 'no'),
  read: text => (text === 'yes' ? true : text === 'no' ? false : undefined),
}

const features: Field<readonly Feature[]> = {
  write: list => list.map(feature => FEATURES.indexOf(feature)).join('.'),
  read: text => {
    const found = FEATURES.filter((_, i) => text.split('.').includes(String(i)))
    return found.length > 0 && found.length === text.split('.').length ? found : undefined
  },
}

const layers: Field<readonly HiddenLayer[]> = {
  write: list => list.map(({ units, activation }) => `${units}.${activation}`).join('_'),
  read: text => {
    const parts = text === '' ? [] : text.split('_')
    const found = parts.map(part => {
      const [units = '', activation = ''] = part.split('.')
      return {
        units: number(LIMITS.units).read(units),
        activation: choice(ACTIVATIONS).read(activation),
      }
    })
    const whole = found.filter((layer): layer is HiddenLayer => Boolean(layer.units && layer.activation))
    return whole.length === parts.length && whole.length <= LIMITS.layers[1] ? whole : undefined
  },
}

const columns: Field<Columns | null> = {
  write: value => (value ? JSON.stringify(value) : ''),
  read: text => {
    if (text === '') return null
    try {
      const { label, task, features } = JSON.parse(text) as Columns
      const isCoded = Object.values(features).every(coding => CODINGS.includes(coding))
      const fits = typeof label === 'string' && (task === 'classes' || task === 'number') && isCoded
      return fits ? { label, task, features: { ...features } } : undefined
    } catch {
      return undefined
    }
  },
}

const FIELDS: { readonly [Key in keyof Settings]: Field<Settings[Key]> } = {
  data: choice(DATA_SETS),
  classes: number(LIMITS.classes),
  count: number(LIMITS.count),
  noise: number(LIMITS.noise),
  trainShare: number(LIMITS.trainShare),
  batchSize: number(LIMITS.batchSize),
  features,
  layers,
  learningRate: number(LIMITS.learningRate, false),
  optimizer: choice(OPTIMIZERS),
  schedule: choice(SCHEDULES),
  scheduleEpochs: number(LIMITS.scheduleEpochs),
  penalty: choice(PENALTIES),
  penaltyRate: number(LIMITS.penaltyRate, false),
  dropout: number(LIMITS.dropout),
  batchNorm: yesOrNo,
  initializer: choice(INITIALIZERS),
  patience: number(LIMITS.patience),
  seed: number(LIMITS.seed),
  showTest: yesOrNo,
  discrete: yesOrNo,
  columns,
}

const KEYS = Object.keys(FIELDS) as (keyof Settings)[]

/** The text that `decode` makes these settings of again. */
export function encode(settings: Settings): string {
  const write = <Key extends keyof Settings>(key: Key): [string, string] => [
    key,
    FIELDS[key].write(settings[key]),
  ]
  const known = KEYS.filter(key => key !== 'columns' || settings.columns).map(write)
  return `#${new URLSearchParams([['v', VERSION], ...known])}`
}

/** The settings of a text, and in words what of it could not be used: that is as it is by default. */
export function decode(hash: string): { settings: Settings; complaints: readonly string[] } {
  const text = hash.replace(/^#/, '')
  if (text === '' || text === 'content') return { settings: DEFAULTS, complaints: [] }
  const given = new URLSearchParams(text)
  if (![...given.keys()].some(key => KEYS.includes(key as keyof Settings)))
    return {
      settings: DEFAULTS,
      complaints: ['Nothing behind the # of the address can be read as settings, so the page begins anew.'],
    }
  const complaints: string[] = []
  if (given.get('v') !== VERSION)
    complaints.push('The link was made by another version of this page: what is still understood was taken.')
  const read = <Key extends keyof Settings>(key: Key): Partial<Settings> => {
    const value = given.get(key)
    if (value === null) return {}
    const found = FIELDS[key].read(value)
    if (found !== undefined) return { [key]: found }
    complaints.push(`“${value.slice(0, 40)}” is nothing that ${key} can be: it is as usual.`)
    return {}
  }
  const found: Partial<Settings> = Object.assign({}, ...KEYS.map(read))
  const others = [...new Set(given.keys())].filter(key => key !== 'v' && !(key in FIELDS))
  if (others.length > 0)
    complaints.push(`Nothing here is called ${others.slice(0, 5).join(', ').slice(0, 80)}: left out.`)
  return { settings: { ...DEFAULTS, ...found }, complaints }
}
