// Every example runs in Chrome on WebGPU, and what it claims holds.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { exampleTable, listExamples, runExample } from '../../demo/examples.ts'

const out = mkdtempSync(join(tmpdir(), 'retrograd-pictures-'))
afterAll(() => rmSync(out, { recursive: true, force: true }))

const ignore = (): void => undefined

test.each([...listExamples().keys()])('%s', async name => {
  const { claim, figures, holds, pictures, seconds } = await runExample(name, { seed: 0, out, print: ignore })
  const said = Object.entries(figures).map(([what, figure]) => `\n    ${what}: ${figure}`)
  process.stdout.write(`${name}: ${claim}${said.join('')} (${seconds.toFixed(1)} s)\n`)
  expect(holds).toBe(true)
  for (const picture of pictures) {
    const svg = readFileSync(picture, 'utf8')
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/)
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
  }
})

const start = (...options: string[]) =>
  spawnSync(process.execPath, ['demo/start.mjs', ...options], { encoding: 'utf8' })

test('from the command line: the claim, the figures that bear it, and where the picture is', () => {
  const { status, stdout } = start('--example', 'xor', '--out', join(out, 'line'))
  expect(stdout).toContain('A linear network never gets all four corners of XOR right; 2-2-1 does.')
  expect(stdout).toMatch(/2-2-1: all 4, from \d of 8 starts\nIt holds/)
  expect(stdout).toContain('xor.svg')
  expect(existsSync(join(out, 'line/xor.svg'))).toBe(true)
  expect(status).toBe(0)
})

test('from the command line: the list, and names and options that make no sense', () => {
  const list = start('--example')
  expect(list.stdout).toBe(`${exampleTable()}\n`)
  expect(list.status).toBe(0)
  const misspelt = start('--example', 'xro')
  expect(misspelt.stderr).toContain('There is no example xro. Did you mean xor?')
  expect(misspelt.stderr).toContain(exampleTable())
  expect(misspelt.status).toBe(1)
  const mixed = start('--example', 'xor', '--epochs', '3')
  expect(mixed.stderr).toContain('--epochs')
  expect(mixed.status).toBe(1)
})
