// The docs: what README and guides show holds and runs.
import { relative, resolve } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { onSources, pages, programsOf, promisedBy, typeErrors, withFiles } from './snippets.ts'

const root = resolve(import.meta.dirname, '../..')

describe('programs of README and guides', () => {
  const programs = pages().flatMap(programsOf)

  test('there is one on every page', () => {
    for (const page of pages()) expect(programsOf(page).length, page).toBeGreaterThan(0)
  })

  test('hold under strict types', async () => {
    expect(await typeErrors(programs.map(({ text }) => text))).toBe('')
    expect(await typeErrors(["import { init } from 'retrograd'\ninit({ bakend: 'cpu' })"])).toMatch(/bakend/)
  })

  test.each(programs.map(program => [relative(root, program.name), program] as const))(
    '%s runs, and prints what it says',
    async (_name, { run }) => {
      const printed: unknown[] = []
      const log = vi.spyOn(console, 'log').mockImplementation((...items: unknown[]) => {
        printed.push(...items)
      })
      try {
        // Each with modules of its own: another program's engine is not its default.
        vi.resetModules()
        await withFiles([onSources(run)], (_folder, [file]) => import(/* @vite-ignore */ file as string))
      } finally {
        log.mockRestore()
      }
      const promised = promisedBy(run)
      expect(printed.filter(item => promised.some(other => isSame(item, other)))).toEqual(promised)
    },
  )
})

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
