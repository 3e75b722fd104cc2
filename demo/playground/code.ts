// The settings as a TypeScript program that runs unchanged with the library, and comes to the same network.
import {
  generatorOf,
  networkOptions,
  optimizerOptions,
  scheduleOptions,
  sharesOf,
  type Task,
} from './network.ts'
import regressionSource from './regression.ts?raw'
import type { Columns, Settings } from './settings.ts'

export interface ProgramFile {
  readonly name: string
  readonly encoding: string
  readonly header: 'auto' | true
  readonly decimalComma: boolean
}

export interface ProgramOptions {
  readonly task: Task
  readonly inputs: readonly string[]
  readonly trainRows: number
  readonly epochs: number
  /** The run stands still and has not ended: the best weights are not put back yet. */
  readonly isPaused: boolean
  /** The CSV file of own data. */
  readonly file: ProgramFile | null
}

/** A value as TypeScript writes it. */
function literal(value: unknown): string {
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => {
      // __proto__ as a plain name would set the object's prototype.
      const name = key === '__proto__' ? `['${key}']` : /^[A-Za-z_$][\w$]*$/.test(key) ? key : literal(key)
      return `${name}: ${literal(item)}`
    })
    return entries.length > 0 ? `{ ${entries.join(', ')} }` : '{}'
  }
  return String(value)
}

/** An object with a line for each of its entries. */
const lines = (object: object): string =>
  `{\n${Object.entries(object)
    .map(([key, value]) => `  ${key}: ${literal(value)},\n`)
    .join('')}}`

const FORMULAS = {
  x1: 'x1',
  x2: 'x2',
  'x1²': 'square(x1)',
  'x2²': 'square(x2)',
  x1x2: 'mul(x1, x2)',
  'sin x1': 'sin(mul(x1, Math.PI))',
  'sin x2': 'sin(mul(x2, Math.PI))',
} as const

/** The program. Run it by a tool that takes TypeScript: `node network.ts`. */
export function programOf(settings: Settings, options: ProgramOptions): string {
  const { task, inputs, epochs, trainRows, isPaused } = options
  const own = settings.data === 'own' && settings.columns && options.file
  const data = own ? tableLines(settings, settings.columns, task, own) : planeLines(settings)
  const sizes = [inputs.length, ...settings.layers.map(({ units }) => units), task.outputs]
  const { name, options: penalties } = optimizerOptions(settings)
  const learningRate = rateOf(settings, Math.ceil(trainRows / Math.min(settings.batchSize, trainRows)))
  const rest = literal(penalties).replace(/^\{ ?| ?\}$/g, '')
  return `${data.imports.join('\n')}

// 'auto' takes the GPU where there is one, and else the CPU.
const engine = await init({ backend: 'auto', seed: ${settings.seed} })

${data.lines.join('\n')}

const model = nn.mlp(${literal(sizes)}, ${lines(networkOptions(settings))})
console.log(model.summary())

const optimizer = optim.${name}(model.parameters(), { learningRate: ${learningRate}${rest ? `, ${rest}` : ''} })

await train.fit(model, {
  train: trainSet,
  validation: ${sharesOf(settings).validation > 0 ? 'validationSet' : 'testSet'},
  loss: '${task.loss}',
  optimizer,
  epochs: ${epochs},
  batchSize: ${Math.min(settings.batchSize, trainRows)},
  seed: ${settings.seed},${
    settings.patience > 0
      ? `\n  stop: train.earlyStopping(${literal({ patience: settings.patience, ...(isPaused ? { restoreBest: false } : {}) })}),`
      : ''
  }
})

const scores = await train.evaluate(model, testSet, { loss: '${task.loss}'${
    task.classes ? ", metrics: ['accuracy']" : ''
  } })
console.log('test', scores)
engine.dispose()
${data.ending ? `\n${data.ending}` : ''}`
}

function rateOf(settings: Settings, stepsPerEpoch: number): string {
  const schedule = scheduleOptions(settings, stepsPerEpoch)
  if (!schedule) return String(settings.learningRate)
  const first = schedule.name === 'warmUp' ? `${settings.learningRate}, ` : ''
  return `optim.${schedule.name}(${first}${literal(schedule.options)})`
}

interface Lines {
  readonly imports: readonly string[]
  readonly lines: readonly string[]
  /** What stands at the end of the program. */
  readonly ending: string
}

function planeLines(settings: Settings): Lines {
  const { data: kind, count, seed, noise, features } = settings
  const isRegression = kind === 'plane' || kind === 'hills'
  const formulas = features.map(feature => FORMULAS[feature])
  const ops = ['square', 'mul', 'sin'].filter(op => formulas.some(formula => formula.includes(`${op}(`)))
  const shares = Object.entries(sharesOf(settings)).filter(([, share]) => share > 0)
  const lines: string[] = []
  if (isRegression)
    lines.push(
      `const { rows, targets } = regression('${kind}', ${count}, ${noise / 250}, ${seed})`,
      'const points = data.dataset(rows, targets)',
    )
  else {
    const { name, options, centre, scale } = generatorOf(settings)
    const isMoved = centre !== 0 || scale !== 1
    const move = isMoved ? `.withFeatures(x => mul(sub(x, ${centre}), ${scale}))` : ''
    if (isMoved) ops.push('mul', 'sub')
    lines.push(`const points = data.${name}(${count}, ${literal(options)})${move}`)
  }
  const one = ['x1', 'x2'].filter(name => formulas.some(formula => formula.includes(name)))
  lines.push(
    'const set = points.withFeatures(x => {',
    ...one.map(
      name =>
        `  const ${name} = slice(x, { start: [0, ${name === 'x1' ? 0 : 1}], end: [points.size, ${name === 'x1' ? 1 : 2}] })`,
    ),
    `  return concat([${formulas.join(', ')}], { axis: 1 })`,
    '})',
    `const sets = data.split(set, ${literal(Object.fromEntries(shares))}, { seed: ${seed} })`,
    ...shares.map(([name]) => `const ${name}Set = sets.${name}`),
  )
  const names = [...new Set(['concat', 'data', 'init', 'nn', 'optim', 'slice', 'train', ...ops])].sort()
  return {
    imports: [`import { ${names.join(', ')} } from 'retrograd'`],
    lines,
    ending: isRegression ? regressionSource.replace(/^export /m, '') : '',
  }
}

function tableLines(
  settings: Settings,
  { label, features }: Columns,
  { classes }: Task,
  { name, encoding, header, decimalComma }: ProgramFile,
): Lines {
  const { trainShare, seed } = settings
  const isHeld = sharesOf(settings).validation > 0
  const used = [...Object.keys(features), label]
  const labels = classes
    ? `data.column(table, ${literal(label)}).map(String), { classes }`
    : 'target.apply(table)'
  const reading = {
    ...(header === true ? { header } : {}),
    ...(decimalComma ? { decimalComma } : {}),
  }
  return {
    imports: [
      "import { readFile } from 'node:fs/promises'",
      "import { data, init, nn, optim, train } from 'retrograd'",
      "import { readCsv } from 'retrograd/csv'",
    ],
    lines: [
      `const text = new TextDecoder('${encoding}').decode(await readFile(${literal(name)}))`,
      `const whole = data.dropGaps(readCsv(text${header === true || decimalComma ? `, ${literal(reading)}` : ''}), ${literal(used)})`,
      `const order = data.shuffledRows(whole.rows.length, ${seed})`,
      `const count = Math.round((whole.rows.length * ${trainShare}) / 100)`,
      'const part = (rows: Int32Array): data.Table => ({',
      '  columns: whole.columns,',
      '  rows: Array.from(rows, row => whole.rows[row] ?? []),',
      '})',
      ...(isHeld ? ['const held = Math.max(1, Math.round(count / 5))'] : []),
      `const trainTable = part(order.subarray(0, count${isHeld ? ' - held' : ''}))`,
      `const encoder = data.encoder(trainTable, ${literal(features)})`,
      classes
        ? `const classes = ${literal(classes)}`
        : `const target = data.encoder(trainTable, { ${literal(label)}: 'standardize' })`,
      'const setOf = (table: data.Table): data.Dataset =>',
      `  data.dataset(encoder.apply(table), ${labels})`,
      'const trainSet = setOf(trainTable)',
      ...(isHeld ? ['const validationSet = setOf(part(order.subarray(count - held, count)))'] : []),
      'const testSet = setOf(part(order.subarray(count)))',
    ],
    ending: '',
  }
}
