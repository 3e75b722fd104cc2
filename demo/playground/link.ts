// Settings as text behind the # of the address, and back: what cannot be read is told in words.
import type { data } from 'retrograd'
import {
  ACTIVATIONS,
  CODINGS,
  type Columns,
  DATA_SETS,
  DEFAULTS,
  FEATURES,
  type Feature,
  type HiddenLayer,
  INITIALIZERS,
  LIMITS,
  OPTIMIZERS,
  PENALTIES,
  SCHEDULES,
  type Settings,
} from './settings.ts'

/** Of the form of the text: raised when a name in it comes to mean something else. */
const VERSION = '1'

interface Field<Value> {
  /** What it can be, in words. */
  readonly says: string
  write(value: Value): string
  /** Undefined where the text is no such value. */
  read(text: string): Value | undefined
}

const number = ([low, high]: readonly [number, number], whole = true): Field<number> => ({
  says: `a ${whole ? 'whole ' : ''}number from ${low} to ${high}`,
  write: String,
  read: text => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    return value >= low && value <= high && (!whole || Number.isInteger(value)) ? value : undefined
  },
})

const choice = <Value extends string>(values: readonly Value[]): Field<Value> => ({
  says: `one of ${values.join(', ')}`,
  write: String,
  read: text => values.find(value => value === text),
})

const yesOrNo: Field<boolean> = {
  says: 'yes or no',
  write: value => (value ? 'yes' : 'no'),
  read: text => (text === 'yes' ? true : text === 'no' ? false : undefined),
}

const features: Field<readonly Feature[]> = {
  says: `numbers from 0 to ${FEATURES.length - 1} with dots between`,
  write: list => list.map(feature => FEATURES.indexOf(feature)).join('.'),
  read: text => {
    const found = FEATURES.filter((_, i) => text.split('.').includes(String(i)))
    return found.length > 0 && found.length === text.split('.').length ? found : undefined
  },
}

const layers: Field<readonly HiddenLayer[]> = {
  says: `up to ${LIMITS.layers[1]} layers like 8.tanh with _ between, of ${LIMITS.units[0]} to ${LIMITS.units[1]} neurons`,
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

/** A value of JSON, or null; `read` throws or gives undefined for what is none. */
const json = <Value>(says: string, read: (value: Value) => Value | undefined): Field<Value | null> => ({
  says,
  write: value => (value ? JSON.stringify(value) : ''),
  read: text => {
    if (text === '') return null
    try {
      return read(JSON.parse(text) as Value)
    } catch {
      return undefined
    }
  },
})

/** Columns as earlier links have them. */
const columnsAsJson = json<Columns>('', ({ label, task, features }) => {
  const isCoded = Object.values(features).every(coding => CODINGS.includes(coding))
  const fits = typeof label === 'string' && (task === 'classes' || task === 'number') && isCoded
  return fits ? { label, task, features: { ...features } } : undefined
})

/** Names between dots, without any of their own; the first letters are as many as there are of the name before (0 to 9). */
const escaped = (name: string) => name.replaceAll('*', '*s').replaceAll('.', '*d')
const unescaped = (text: string) => text.replaceAll('*d', '.').replaceAll('*s', '*')

const TASKS = { c: 'classes', n: 'number' } as const
const LETTERS = 'smkob' // of CODINGS

const columns: Field<Columns | null> = {
  says: 'what this page writes of columns that were chosen',
  /** The task and the label, then each column: the letter of its coding where that is another, and its name as told above. */
  write: value => {
    if (!value) return ''
    let [before, letter]: [readonly string[], string] = [[], '']
    const parts = Object.entries(value.features).map(([name, coding]) => {
      const own = LETTERS[CODINGS.indexOf(coding)] ?? ''
      const text = [...escaped(name)]
      const other = text.findIndex((sign, i) => sign !== before[i])
      const shared = Math.min(9, other < 0 ? text.length : other)
      const part = `${own === letter ? '' : own}${shared}${text.slice(shared).join('')}`
      ;[before, letter] = [text, own]
      return part
    })
    return [`${value.task[0]}${escaped(value.label)}`, ...parts].join('.')
  },
  read: text => {
    if (text === '' || text.startsWith('{')) return columnsAsJson.read(text)
    const [first = '', ...parts] = text.split('.')
    const task = first[0] === 'c' || first[0] === 'n' ? TASKS[first[0]] : undefined
    const features: [string, data.Coding][] = []
    let [before, coding]: [string, data.Coding | undefined] = ['', undefined]
    for (const part of parts) {
      const [, letter, shared = '', rest = ''] = /^([a-z]?)(\d)(.*)$/s.exec(part) ?? []
      if (letter) coding = CODINGS[LETTERS.indexOf(letter)]
      if (!coding || shared === '') return undefined
      before = [...before].slice(0, Number(shared)).join('') + rest
      features.push([unescaped(before), coding])
    }
    return task && { label: unescaped(first.slice(1)), task, features: Object.fromEntries(features) }
  },
}

const map = json<readonly [string, string]>('the names of two inputs', ([first, second]) =>
  typeof first === 'string' && typeof second === 'string' ? [first, second] : undefined,
)

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
  map,
}

const KEYS = Object.keys(FIELDS) as (keyof Settings)[]

/** The text that `decode` makes these settings of again. */
export function encode(settings: Settings): string {
  const write = <Key extends keyof Settings>(key: Key): [string, string] => [
    key,
    FIELDS[key].write(settings[key]),
  ]
  const known = KEYS.filter(key => settings[key] !== null).map(write)
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
  if ((given.get('v') ?? VERSION) !== VERSION)
    complaints.push('The link was made by another version of this page: what is still understood was taken.')
  const read = <Key extends keyof Settings>(key: Key): Partial<Settings> => {
    const value = given.get(key)
    if (value === null) return {}
    const found = FIELDS[key].read(value)
    if (found !== undefined) return { [key]: found }
    const own = String(FIELDS[key].write(DEFAULTS[key])) || 'none'
    complaints.push(
      `${key} is “${value.slice(0, 40)}” in the link; it can be ${FIELDS[key].says}. It was left at ${own}.`,
    )
    return {}
  }
  const found: Partial<Settings> = Object.assign({}, ...KEYS.map(read))
  const others = [...new Set(given.keys())].filter(key => key !== 'v' && !(key in FIELDS))
  if (others.length > 0)
    complaints.push(
      `The link sets ${others.slice(0, 5).join(', ').slice(0, 80)}, which this page does not know: left out.`,
    )
  return { settings: { ...DEFAULTS, ...found }, complaints }
}
