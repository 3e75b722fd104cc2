// The programs that the playground hands out: they hold under strict types, and come to what the page came to.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { init } from 'retrograd'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { programOf } from '../../demo/playground/code.ts'
import type { Frame } from '../../demo/playground/frame.ts'
import { sharesOf, taskOf } from '../../demo/playground/network.ts'
import { Run } from '../../demo/playground/run.ts'
import { DATA_SETS, DEFAULTS, OPTIMIZERS, SCHEDULES, type Settings } from '../../demo/playground/settings.ts'
import { readTable } from '../../demo/playground/table.ts'
import { onSources, typeErrors, withFiles } from '../rules/snippets.ts'
import { anySettings } from './arbitrary.ts'

/** A table that asks for care: gaps, names with quotes, backslashes and letters of elsewhere. */
const TABLE = `it's "a",b\\c,2020,größe,art\n${Array.from({ length: 60 }, (_, i) => {
  const kind = i % 3
  return `${kind + Math.sin(i)},${i % 7 === 3 ? 'NA' : Math.cos(i)},${i % 2 ? 'yes' : 'no'},${5 - kind + Math.sin(3 * i)},${'xyz'[kind]}'s`
}).join('\n')}\n`
const FILE = "my 'own' table.csv"

const COLUMNS = {
  label: 'art',
  task: 'classes',
  features: { 'it\'s "a"': 'standardize', 'b\\c': 'minMax', '2020': 'binary', größe: 'keep' },
} as const
const NUMBER = {
  ...COLUMNS,
  label: 'größe',
  task: 'number',
  features: { art: 'oneHot', '2020': 'binary' },
} as const

const file = { name: FILE, encoding: 'utf-8', header: true, decimalComma: false } as const

describe('under strict types', () => {
  test('programs of every data set, optimizer and schedule, with all else at random', async () => {
    const kinds = DATA_SETS.flatMap(data =>
      OPTIMIZERS.flatMap(optimizer => SCHEDULES.map(schedule => ({ data, optimizer, schedule }))),
    )
    const others = fc.sample(fc.tuple(anySettings, fc.boolean()), { seed: 7, numRuns: kinds.length })
    const programs = kinds.map((kind, i) => {
      const [other, isPaused] = others[i] ?? [DEFAULTS, false]
      const columns = i % 2 ? COLUMNS : NUMBER
      const settings: Settings = { ...other, ...kind, columns: kind.data === 'own' ? columns : null }
      const isNumber = kind.data === 'own' ? columns.task === 'number' : /plane|hills/.test(kind.data)
      return programOf(settings, {
        task: taskOf(isNumber ? null : ["x's", 'y', 'z'].slice(0, 2 + (i % 2))),
        inputs: settings.features,
        trainRows: Math.ceil(settings.count * sharesOf(settings).train),
        epochs: 5,
        isPaused,
        file: kind.data === 'own' ? file : null,
      })
    })
    expect(new Set(programs).size).toBe(7 * 7 * 8)
    expect(await typeErrors(programs)).toBe('')
  })
})

/** Trains as the page does, on the CPU, and gives its last frame and the program of that run. */
async function trained(
  settings: Settings,
  epochs: number,
  text = TABLE,
): Promise<{ frame: Frame; program: string }> {
  const engine = await init({ backend: 'cpu' })
  const own = settings.data === 'own'
  const read = own ? readTable(new TextEncoder().encode(text)) : null
  let last: Frame | null = null
  let isReady = () => {}
  const ready = new Promise<void>(resolve => {
    isReady = resolve
  })
  const run = await Run.make(engine, settings, {
    table: read?.table ?? null,
    look: { theme: 'light', discrete: false, chosen: null },
    events: {
      onFrame: async frame => {
        last = frame
        if (frame.ended || frame.epoch === epochs) isReady()
      },
      onKeep: async () => {},
      onError: error => {
        throw error
      },
    },
  })
  run.go(epochs)
  await ready
  const { view } = run.problem
  await run.dispose()
  await engine.dispose()
  const frame = last as Frame | null
  if (!frame) throw new Error('There was no frame.')
  const program = programOf(settings, {
    task: view.task,
    inputs: view.inputs,
    trainRows: view.rows.train,
    epochs: frame.epoch,
    isPaused: frame.ended === null,
    file: read && { ...file, header: read.header, decimalComma: read.decimalComma },
  })
  return { frame, program }
}

/** Runs a program unchanged but for the place of the library and of its file; the scores that it prints. */
async function scoresOf(program: string, text = TABLE): Promise<Record<string, number>> {
  const printed: unknown[][] = []
  const log = vi.spyOn(console, 'log').mockImplementation((...items) => void printed.push(items))
  try {
    await withFiles([program], async (folder, [path = '']) => {
      writeFileSync(join(folder, FILE), text)
      const name = JSON.stringify(FILE).slice(1, -1).replaceAll("'", "\\'")
      const there = program.replace(name, join(folder, name))
      writeFileSync(path, `${onSources(there)}\nexport {}\n`)
      await import(/* @vite-ignore */ path)
    })
  } finally {
    log.mockRestore()
  }
  return printed.find(([what]) => what === 'test')?.[1] as Record<string, number>
}

const small = { count: 60, layers: [{ units: 4, activation: 'tanh' }] } as const

describe('run to the loss of the page', () => {
  beforeEach(() => {
    // Each with modules of its own: another program's engine is not its default.
    vi.resetModules()
  })

  test.each<[string, Partial<Settings>]>([
    ['two classes', { data: 'circle' }],
    ['k classes', { data: 'spiral', classes: 4, optimizer: 'nesterov', schedule: 'oneCycle' }],
    ['features', { data: 'xor', features: ['x1', 'x1x2', 'sin x2'], optimizer: 'rmsprop', penalty: 'l1' }],
    ['a number', { data: 'hills', noise: 20, optimizer: 'sgd', penalty: 'l2' }],
    ['dropout and batch norm', { data: 'gauss', dropout: 20, batchNorm: true, initializer: 'heNormal' }],
    ['no hidden layer', { data: 'plane', layers: [], optimizer: 'adagrad', schedule: 'cosine' }],
    ['a plateau, judged on held-out rows', { data: 'xor', schedule: 'reduceOnPlateau', learningRate: 0.5 }],
    ['early stopping, on the way', { data: 'gauss', patience: 50 }],
    ['early stopping, at its end', { data: 'gauss', noise: 40, patience: 1, learningRate: 0.3 }],
    ['own classes', { data: 'own', columns: COLUMNS }],
    ['an own number, with early stopping', { data: 'own', columns: NUMBER, patience: 3, optimizer: 'adamw' }],
  ])('%s', async (_name, patch) => {
    const settings = { ...DEFAULTS, ...small, seed: 11, ...patch }
    const { frame, program } = await trained(settings, 12)
    const { loss, accuracy } = await scoresOf(program)
    expect(frame.scores.test).toBeGreaterThan(0)
    expect(loss).toBe(frame.scores.test)
    expect(accuracy ?? null).toBe(frame.scores.accuracy)
    expect(frame.ended !== null).toBe(/at its end/.test(_name))
  })

  test('a file of decimal commas, with a column of an odd name', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i % 3].join(';'))
    const text = `sep=;\n__proto__;b;kind\n${rows.join('\n').replaceAll('.', ',')}\n`
    const features = Object.fromEntries(['__proto__', 'b'].map(name => [name, 'standardize' as const]))
    const columns = { label: 'kind', task: 'classes' as const, features }
    const settings: Settings = { ...DEFAULTS, ...small, data: 'own', columns, seed: 3 }
    const { frame, program } = await trained(settings, 5, text)
    expect(program).toContain('decimalComma: true')
    const { loss } = await scoresOf(program, text)
    expect(loss).toBe(frame.scores.test)
  })
})
