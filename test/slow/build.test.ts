// The build: one file without imports that a bare page can use, sub-paths beside it, and types that hold under strict.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '../../src/harness/index.ts'

const root = resolve(import.meta.dirname, '../..')
const dist = join(root, 'dist')

/** A page that trains XOR with nothing but the built files. */
const page = `<!doctype html><meta charset="utf-8"><title>XOR</title>
<script type="module">
  import { init, tensor, nn, optim, compile, grad, sigmoidCrossEntropy } from '/retrograd.js'
  import { readCsv } from '/csv.js'
  try {
    const engine = await init({ backend: 'webgpu', seed: 1 })
    const model = nn.mlp([2, 8, 1], { activation: 'tanh' })
    const optimizer = optim.adam(model.parameters(), { learningRate: 0.05 })
    const { rows } = readCsv('a,b,xor\\n0,0,0\\n0,1,1\\n1,0,1\\n1,1,0\\n')
    const x = tensor(rows.map(row => row.slice(0, 2)))
    const y = tensor(rows.map(row => row.slice(2)))
    const step = compile((x, y) => {
      const loss = sigmoidCrossEntropy(model(x), y)
      optimizer.step(grad(loss, model.parameters()))
      return loss
    })
    let loss
    for (let i = 0; i < 400; i++) loss = step(x, y)
    window.result = { loss: await loss.item(), output: await model(x).sigmoid().round().array(), backend: engine.backend }
  } catch (error) {
    window.result = { error: String(error) }
  }
</script>`

const consumer = `import { init, tensor, nn, optim, compile, grad, meanSquaredError, type Tensor } from 'retrograd'
import { readCsv, type Table } from 'retrograd/csv'
await init()
const model = nn.sequential(nn.linear(2, 8), nn.relu(), nn.linear(8, 1))
const optimizer = optim.adam(model.parameters(), { learningRate: 1e-3 })
const step = compile((x: Tensor, y: Tensor) => {
  const loss = meanSquaredError(model(x, { training: true }), y)
  optimizer.step(grad(loss, model.parameters()))
  return loss
})
const table: Table = readCsv('a,b')
const loss: Tensor = step(tensor([[1, 2]]), tensor([[1]]))
const chained: Tensor = loss.add(1).relu().sum({ axis: [], keepDims: true }).reshape([1])
export const number: number = await chained.item() + table.rows.length
`

function typeCheck(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'retrograd-types-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    execFileSync('mkdir', ['-p', join(folder, 'node_modules')])
    symlinkSync(root, join(folder, 'node_modules/retrograd'))
    writeFileSync(join(folder, 'consumer.ts'), source)
    const options = [
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      '--target',
      'es2022',
      '--noEmit',
    ]
    const modules = ['--module', 'nodenext', '--lib', 'es2023,esnext.disposable,dom']
    execFileSync(join(root, 'node_modules/.bin/tsc'), [...options, ...modules, 'consumer.ts'], {
      cwd: folder,
      encoding: 'utf8',
    })
    return ''
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout ?? error)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('the build', () => {
  beforeAll(() => {
    execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'pipe' })
  }, 300_000)

  test('is one file that imports no other, and a sub-path that imports that one alone', () => {
    expect(readdirSync(dist).filter(name => name.endsWith('.js'))).toEqual(['csv.js', 'retrograd.js'])
    const imports = /\bimport\s*[({'"*]|\bimport\s+\w|\bfrom\s*['"]/
    expect(readFileSync(join(dist, 'retrograd.js'), 'utf8')).not.toMatch(imports)
    const csv = readFileSync(join(dist, 'csv.js'), 'utf8')
    const [statement, ...others] = csv.split(/(?<=^import\b[^;]*;)/)
    expect(statement).toMatch(/^import\s*\{[^}]*\}\s*from\s*"\.\/retrograd\.js";$/)
    expect(others.join('')).not.toMatch(imports)
    expect(csv).toMatch(/Contains papaparse\.\s+The MIT License/)
  })

  test('has a sub-path for CSV that throws the errors of the library', () => {
    // In Node.js itself: a test runner may load one file twice, under a path and under an address.
    const program = `
      import { RetrogradError } from 'retrograd'
      import { readCsv } from 'retrograd/csv'
      console.log(JSON.stringify(readCsv('a;b\\n1;x')))
      try { readCsv('a;b\\n1') } catch (error) { console.log(error instanceof RetrogradError, error.message) }`
    const [table, refused] = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: root,
      encoding: 'utf8',
    }).split('\n')
    expect(JSON.parse(table ?? '')).toEqual({ columns: ['a', 'b'], rows: [[1, 'x']] })
    expect(refused).toMatch(/^true \[readCsv\]/)
  })

  test('weighs no more than it did, and less than its peers', async () => {
    const everything = readFileSync(join(dist, 'retrograd.js'), 'utf8')
    const built = await build({
      root,
      logLevel: 'error',
      build: { write: false, lib: { entry: join(root, 'test/slow/engine.ts'), formats: ['es'] } },
    })
    const [chunk] = [built].flat().flatMap(result => ('output' in result ? result.output : []))
    const engine = chunk && 'code' in chunk ? chunk.code : ''
    const [all, alone] = [everything, engine].map(code => gzipSync(code).length) as [number, number]
    console.log(
      `dist/retrograd.js: ${everything.length} bytes, ${all} gzipped; engine and ops alone ${alone} gzipped`,
    )
    // jax-js 0.1.25 weighs 100 KB and has engine and ops, TensorFlow.js 260 KB. Lower these as the library gets lighter; each
    // grows by what a new op or room adds, and by no more.
    expect(all).toBeLessThan(127_000)
    expect(alone).toBeGreaterThan(10_000)
    expect(alone).toBeLessThan(73_500)
  })

  test('leaves out of a program what it does not use', async () => {
    const folder = mkdtempSync(join(root, 'node_modules/.retrograd-program-'))
    const entry = join(folder, 'program.js')
    const names = ['compile', 'grad', 'init', 'nn', 'optim', 'softmaxCrossEntropy', 'tensor']
    const uses = names.map(name => ({ nn: 'nn.mlp', optim: 'optim.adam' })[name] ?? name)
    writeFileSync(entry, `import { ${names} } from '../../dist/retrograd.js'\nconsole.log(${uses})`)
    try {
      const lib = { entry, formats: ['es' as const] }
      const built = await build({ configFile: false, root, logLevel: 'error', build: { write: false, lib } })
      const [chunk] = [built].flat().flatMap(result => ('output' in result ? result.output : []))
      const code = chunk && 'code' in chunk ? chunk.code : ''
      const [all, used] = [readFileSync(join(dist, 'retrograd.js')), code].map(text => gzipSync(text).length)
      console.log(`a program that trains a network in a loop of its own, bundled: ${used} gzipped`)
      expect(code).toContain('@compute')
      expect(used).toBeLessThan(0.75 * (all as number))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('trains XOR in Chrome from a bare page', async () => {
    const server = createServer((request, response) => {
      const script = ['retrograd.js', 'csv.js'].find(name => request.url === `/${name}`)
      response.setHeader('content-type', script ? 'text/javascript' : 'text/html')
      response.end(script ? readFileSync(join(dist, script)) : page)
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    const { browser, close } = await launchBrowser()
    try {
      const tab = await browser.newPage()
      await tab.goto(`http://localhost:${(server.address() as AddressInfo).port}/`)
      await tab.waitForFunction('window.result', { timeout: 120_000 })
      const result = (await tab.evaluate('window.result')) as {
        error?: string
        loss: number
        output: number[][]
        backend: string
      }
      expect(result.error).toBeUndefined()
      expect(result.backend).toBe('webgpu')
      expect(result.output).toEqual([[0], [1], [1], [0]])
      expect(result.loss).toBeLessThan(0.1)
    } finally {
      await close()
      server.close()
    }
  })

  test('has types that hold under strict, and refuse what is wrong', () => {
    expect(typeCheck(consumer)).toBe('')
    expect(typeCheck(consumer.replace('learningRate', 'learningrate'))).toMatch(/learningrate/)
    expect(typeCheck(consumer.replace('axis: []', "axis: 'x'"))).toMatch(/string/)
  })
})
