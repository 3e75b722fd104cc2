// Names of things as the page shows them.
import type { Settings } from './settings.ts'

type Names<Key extends keyof Settings> = Readonly<Record<Extract<Settings[Key], string>, string>>

export const DATA_NAMES: Names<'data'> = {
  spiral: 'Spiral',
  circle: 'Circle',
  xor: 'Exclusive or',
  gauss: 'Two clouds',
  plane: 'Slope (a number)',
  hills: 'Hills (a number)',
  own: 'My own data',
}

export const FEATURE_NAMES: Readonly<Record<string, string>> = {
  x1: 'x₁',
  x2: 'x₂',
  'x1²': 'x₁²',
  'x2²': 'x₂²',
  x1x2: 'x₁x₂',
  'sin x1': 'sin πx₁',
  'sin x2': 'sin πx₂',
}

export const ACTIVATION_NAMES = {
  tanh: 'Tanh',
  relu: 'ReLU',
  sigmoid: 'Sigmoid',
  identity: 'Linear',
  leakyRelu: 'Leaky ReLU',
  elu: 'ELU',
  selu: 'SELU',
  gelu: 'GELU',
  silu: 'SiLU',
  softplus: 'Softplus',
} as const

export const OPTIMIZER_NAMES: Names<'optimizer'> = {
  adam: 'Adam',
  adamw: 'AdamW',
  sgd: 'Gradient descent',
  momentum: 'Momentum 0.9',
  nesterov: 'Nesterov 0.9',
  rmsprop: 'RMSProp',
  adagrad: 'Adagrad',
}

export const SCHEDULE_NAMES: Names<'schedule'> = {
  constant: 'Constant',
  stepDecay: 'Halved in steps',
  exponential: 'Halved smoothly',
  cosine: 'Cosine to 0',
  linear: 'Linear to 0',
  warmUp: 'Warm-up',
  oneCycle: 'One cycle',
  reduceOnPlateau: 'Halved on a plateau',
}

export const PENALTY_NAMES: Names<'penalty'> = { none: 'None', l1: 'L1', l2: 'L2' }

export const INITIALIZER_NAMES: Names<'initializer'> = {
  glorotUniform: 'Glorot, uniform',
  glorotNormal: 'Glorot, normal',
  heUniform: 'He, uniform',
  heNormal: 'He, normal',
  lecunUniform: 'LeCun, uniform',
  lecunNormal: 'LeCun, normal',
  orthogonal: 'Orthogonal',
  zeros: 'All zero',
}

/** Choices of a Select. */
export const optionsOf = <Value extends string>(names: Readonly<Record<Value, string>>) =>
  (Object.keys(names) as Value[]).map(value => ({ value, label: names[value] }))

/** A number as people read it. */
export function short(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  return Math.abs(value) < 1e6 ? String(Number(value.toPrecision(digits))) : value.toExponential(digits - 1)
}

/** A name of at most so many letters: its end goes, but for `tail` letters. */
export const cut = (name: string, length = 14, tail = 0): string =>
  name.length > length ? `${name.slice(0, length - 1 - tail)}…${name.slice(name.length - tail)}` : name

/** Names of at most so many letters each: the middle goes of those that begin alike. */
export function cutAll(names: readonly string[], length = 14): string[] {
  const ends = names.map(name => cut(name, length))
  const counts = new Map<string, number>()
  for (const end of ends) counts.set(end, (counts.get(end) ?? 0) + 1)
  return names.map((name, i) => cut(name, length, counts.get(ends[i] ?? '') === 1 ? 0 : length >> 1))
}
