// `npm run docs` from nothing: it installs what it needs, warns of nothing, and writes pages that hang together.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
/** A folder of its own: the build, which other tests run meanwhile, empties dist. */
const out = mkdtempSync(join(tmpdir(), 'retrograd-pages-'))

beforeAll(() => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'docs', '--', out], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(`${stdout}${stderr}`).not.toMatch(/\[(warning|error)\]/)
  expect(status).toBe(0)
}, 600_000)

afterAll(() => rmSync(out, { recursive: true }))

const pages = (): string[] =>
  readdirSync(out, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.html'))

test('every public room and guide has its page', () => {
  const index = readFileSync(join(out, 'index.html'), 'utf8')
  expect(index).toContain('Twenty lines that train')
  for (const room of ['nn', 'optim', 'data', 'train', 'io'])
    expect(existsSync(join(out, `modules/retrograd.${room}.html`)), room).toBe(true)
  expect(readdirSync(join(out, 'documents'))).toHaveLength(
    readdirSync(join(root, 'demo/docs/guides')).length + 1,
  )
  expect(readFileSync(join(out, 'documents/All_ops.html'), 'utf8')).toContain('Rectifier max(x, 0).')
})

test('every link of every page leads to a page that is there', () => {
  const broken = pages().flatMap(page => {
    const html = readFileSync(join(out, page), 'utf8')
    return [...html.matchAll(/\b(?:href|src)="([^"#?]+)[^"]*"/g)]
      .map(([, target = '']) => target)
      .filter(target => !/^[a-z]+:/.test(target) && !existsSync(join(out, dirname(page), target)))
      .map(target => `${page} → ${target}`)
  })
  expect(broken).toEqual([])
  expect(pages().length).toBeGreaterThan(300)
})

test('what is internal is not shown, and ops are functions and methods', () => {
  const tensor = readFileSync(join(out, 'classes/retrograd.Tensor.html'), 'utf8')
  expect(tensor).toContain('id="softmax"')
  expect(tensor).not.toContain('id="constructor"')
  const gelu = readFileSync(join(out, 'functions/retrograd.gelu.html'), 'utf8').replace(/<[^>]+>/g, '')
  expect(gelu).toMatch(/gelu\(x: Tensor, options\?: \{ approximate\?:/)
  expect(pages().filter(page => /Internal/.test(readFileSync(join(out, page), 'utf8')))).toEqual([])
})
