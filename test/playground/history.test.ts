// What is taken back and made again: settings, and the table that they are of.
import { beforeEach, expect, test, vi } from 'vitest'
import { DEFAULTS } from '../../demo/playground/settings.ts'

type History = typeof import('../../demo/playground/history.ts')
let made: History

beforeEach(async () => {
  vi.useFakeTimers()
  vi.stubGlobal('location', { hash: '' })
  vi.stubGlobal('addEventListener', () => {})
  vi.stubGlobal('history', { replaceState: () => {} })
  vi.resetModules()
  made = await import('../../demo/playground/history.ts')
  return () => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  }
})

const own = (number: number, name: string) => ({
  number,
  name,
  file: new Blob([]),
  rows: 4,
  columns: [],
  encoding: 'utf-8',
  header: 'auto' as const,
  decimalComma: false,
  note: '',
})
const columnsOf = (label: string) => ({ label, task: 'number' as const, features: {} })

test('with columns of an earlier table comes that table, both ways', () => {
  const { change, undo, redo, settings, table } = made
  const now = () => [settings.value.data, settings.value.columns?.label, table.value?.name]
  change({ data: 'own' })
  change({ columns: columnsOf('y') }, own(1, 'one.csv'))
  change({ trainShare: 60 })
  change({ columns: columnsOf('r') }, own(2, 'two.csv'))
  expect(now()).toEqual(['own', 'r', 'two.csv'])
  undo()
  expect(now()).toEqual(['own', 'y', 'one.csv'])
  undo()
  expect([...now(), settings.value.trainShare]).toEqual(['own', 'y', 'one.csv', DEFAULTS.trainShare])
  undo()
  expect(now()).toEqual(['own', undefined, undefined])
  undo()
  expect(now()).toEqual(['spiral', undefined, undefined])
  for (let i = 0; i < 4; i++) redo()
  expect(now()).toEqual(['own', 'r', 'two.csv'])
})
