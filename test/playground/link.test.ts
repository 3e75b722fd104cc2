// Links of the playground: settings come back from them whole, and what is no link is told in words.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, encode } from '../../demo/playground/link.ts'
import { CODINGS, DEFAULTS, LIMITS, type Settings } from '../../demo/playground/settings.ts'
import { anySettings } from './arbitrary.ts'

const name = fc.string({ minLength: 1, unit: 'grapheme' })
const own: fc.Arbitrary<Pick<Settings, 'columns' | 'map'>> = fc.record({
  columns: fc.record({
    label: name,
    task: fc.constantFrom('classes' as const, 'number' as const),
    features: fc.dictionary(name, fc.constantFrom(...CODINGS), { noNullPrototype: true }),
  }),
  map: fc.oneof(fc.constant(null), fc.tuple(name, name)),
})

test('settings come back from their link, own columns with any names as well', () => {
  fc.assert(
    fc.property(anySettings, own, (settings, own) => {
      const whole = { ...settings, ...own }
      expect(decode(encode(whole))).toEqual({ settings: whole, complaints: [] })
    }),
    { seed: 5, numRuns: 200 },
  )
})

test('any text is read without a throw, as settings within their limits', () => {
  const keys = fc.constantFrom(...Object.keys(DEFAULTS), 'v', 'colour')
  const pairs = fc.array(fc.tuple(keys, fc.oneof(fc.string(), fc.double().map(String), fc.json())))
  const text = fc.oneof(
    fc.string(),
    pairs.map(list => `#${new URLSearchParams(list)}`),
  )
  fc.assert(
    fc.property(text, text => {
      const { settings } = decode(text)
      for (const key of Object.keys(LIMITS) as (keyof typeof LIMITS)[]) {
        if (key === 'units' || key === 'layers') continue
        expect(settings[key]).toBeGreaterThanOrEqual(LIMITS[key][0])
        expect(settings[key]).toBeLessThanOrEqual(LIMITS[key][1])
      }
      expect(settings.layers.length).toBeLessThanOrEqual(LIMITS.layers[1])
      expect(decode(encode(settings)).complaints).toEqual([])
    }),
    { seed: 6, numRuns: 1000 },
  )
})

test('what cannot be used is told, with what it could be', () => {
  const told = (hash: string) => decode(hash).complaints.join(' ')
  expect(told('')).toBe('')
  expect(told('#content')).toBe('')
  expect(told('#%%%')).toContain('can be read as settings')
  expect(told('#v=0&noise=5')).toContain('another version')
  expect(decode('#v=0&noise=5').settings).toEqual({ ...DEFAULTS, noise: 5 })
  expect(told('#layers=5000.tanh')).toContain('of 1 to 1024 neurons. It was left at 8.tanh_8.tanh_8.tanh.')
  expect(told('#count=1e9')).toContain('count is “1e9” in the link; it can be a whole number from 20 to 5000')
  expect(told('#noise=5&colour=red')).toContain('sets colour, which this page does not know')
  expect(told('#columns={"label":1}')).toContain('columns is')
})

const wide: Settings = {
  ...DEFAULTS,
  data: 'own',
  columns: {
    label: 'kind',
    task: 'classes',
    features: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`c${i}`, 'standardize' as const])),
  },
}

test('a thousand columns make a link that fits into an address', () => {
  const link = encode(wide)
  expect(link.length).toBeLessThan(5000)
  const { settings } = decode(link)
  expect(Object.entries(settings.columns?.features ?? {})).toEqual(
    Object.entries(wide.columns?.features ?? {}),
  )
})

test('links of before, with columns as JSON, are read', () => {
  const columns = { label: 'a b', task: 'number', features: { 'x.y': 'oneHot', z: 'keep' } }
  const link = `#v=1&data=own&${new URLSearchParams({ columns: JSON.stringify(columns) })}`
  expect(decode(link)).toEqual({ settings: { ...DEFAULTS, data: 'own', columns }, complaints: [] })
})
