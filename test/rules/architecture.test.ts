// The house rules: which room may import which, no import circles, every file says what lives there.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** Rooms and files of src/, lowest first: each may import those above it in this list, and its own room. */
const FLOORS = [
  ['errors.ts', 'text.ts', 'dtype.ts', 'shape.ts', 'random.ts', 'options.ts', 'memory.ts'],
  ['kernel.ts', 'tape.ts', 'backend.ts'],
  ['tensor.ts'],
  ['plan.ts', 'plan_report.ts'],
  ['engine.ts'],
  ['op.ts', 'host.ts'],
  ['skeletons'],
  ['fuse', 'ops'],
  ['grad.ts', 'arguments.ts', 'compiled_plan.ts', 'compile.ts'],
  ['cpu', 'webgpu'],
  ['init.ts'],
  ['proof'],
  ['nn', 'optim', 'data'],
  ['io', 'train'],
  ['index.ts'],
  ['csv.ts'],
]

/** Rooms below that are closed all the same: ops never see a backend's insides, nor a backend the ops. */
const CLOSED: Readonly<Record<string, readonly string[]>> = {
  cpu: ['ops', 'op.ts', 'skeletons', 'webgpu', 'engine.ts'],
  webgpu: ['ops', 'op.ts', 'skeletons', 'cpu', 'engine.ts'],
  nn: ['cpu', 'webgpu', 'init.ts', 'plan.ts', 'plan_report.ts', 'memory.ts'],
  optim: ['cpu', 'webgpu', 'init.ts', 'plan.ts', 'plan_report.ts', 'memory.ts'],
  data: ['cpu', 'webgpu', 'init.ts', 'plan.ts', 'plan_report.ts', 'memory.ts', 'nn', 'optim'],
  io: ['cpu', 'webgpu', 'init.ts', 'plan.ts', 'plan_report.ts', 'memory.ts', 'train'],
  train: ['cpu', 'webgpu', 'plan.ts', 'plan_report.ts', 'memory.ts'],
}

/** Files below a folder, installed packages left out. */
function files(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap(entry => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : files(path, ending)
      return path.endsWith(ending) ? [path] : []
    })
    .sort()
}

/** Imports of values (not of types only) from files of the project: file → files. */
function valueImports(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found: string[] = []
  for (const [, clause, path] of text.matchAll(
    /^(?:import|export)\s+(?:([^'"]*?)\s+from\s+)?['"](\.[^'"?]+)['"]/gm,
  )) {
    const isType = clause?.startsWith('type ') || isOnlyTypes(clause)
    if (path && !isType) found.push(normalize(join(dirname(file), path)))
  }
  return found
}

function isOnlyTypes(clause: string | undefined): boolean {
  const names = /^\{([\s\S]*)\}$/
    .exec(clause ?? '')?.[1]
    ?.split(',')
    .map(name => name.trim())
    .filter(Boolean)
  return names?.every(name => name.startsWith('type ')) ?? false
}

const sources = files('src', '.ts').filter(
  file => !file.startsWith(join('src', 'harness')) && !file.endsWith('.d.ts'),
)
const roomOf = (file: string): string => relative('src', file).split(/[\\/]/)[0] as string
const floorOf = (room: string): number => FLOORS.findIndex(floor => floor.includes(room))

describe('imports', () => {
  test('every file of src stands on a floor', () => {
    expect(sources.filter(file => floorOf(roomOf(file)) < 0)).toEqual([])
  })

  test('arrows point down', () => {
    const wrong = sources.flatMap(file =>
      valueImports(file)
        .filter(target => {
          const [from, to] = [roomOf(file), roomOf(target)]
          return floorOf(to) > floorOf(from) || CLOSED[from]?.includes(to)
        })
        .map(target => `${file} → ${target}`),
    )
    expect(wrong).toEqual([])
  })

  test('there are no circles', () => {
    const state = new Map<string, 'open' | 'done'>()
    const circles: string[] = []
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return
      if (state.get(file) === 'open') {
        circles.push([...path.slice(path.indexOf(file)), file].join(' → '))
        return
      }
      state.set(file, 'open')
      for (const target of valueImports(file)) if (sources.includes(target)) visit(target, [...path, file])
      state.set(file, 'done')
    }
    for (const file of sources) visit(file, [])
    expect(circles).toEqual([])
  })

  test('the harness stands on errors alone', () => {
    const wrong = files(join('src', 'harness'), '.ts').flatMap(file =>
      valueImports(file).filter(target => !['harness', 'errors.ts'].includes(roomOf(target))),
    )
    expect(wrong).toEqual([])
  })
})

describe('files', () => {
  test('open with a sentence that says what lives there', () => {
    const all = [
      ...files('src', '.ts'),
      ...files('test', '.ts'),
      ...files('demo', '.ts'),
      ...files('demo', '.tsx'),
      ...files('bench', '.ts'),
    ]
    const silent = all.filter(file => !/^\/\/ \S.{10,}/.test(readFileSync(join(root, file), 'utf8')))
    expect(silent).toEqual([])
  })

  test('shaders/ holds shaders only, and each names its own path', () => {
    const found = readdirSync(join(root, 'shaders'), { recursive: true, withFileTypes: true }).filter(entry =>
      entry.isFile(),
    )
    expect(found.filter(entry => !entry.name.endsWith('.wgsl'))).toEqual([])
    for (const file of files('shaders', '.wgsl')) {
      const path = relative('shaders', file).replaceAll('\\', '/')
      expect(readFileSync(join(root, file), 'utf8').startsWith(`// ${path}: `), file).toBe(true)
    }
  })

  test('the top level is as the owner fixed it', () => {
    const allowed = [
      'LICENSE',
      'README.md',
      'bench',
      'demo',
      'package-lock.json',
      'package.json',
      'shaders',
      'src',
      'test',
      'tsconfig.json',
      'vite.config.ts',
      'dist',
      'node_modules',
      'biome.json',
    ]
    const found = readdirSync(root).filter(name => !name.startsWith('.'))
    expect(found.filter(name => !allowed.includes(name))).toEqual([])
  })
})
