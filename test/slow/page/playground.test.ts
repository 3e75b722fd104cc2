// The playground as a visitor has it: networks trained by clicks, links that repeat a run, own data, and programs that run.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import Papa from 'papaparse'
import { expect, test } from 'vitest'
import { bareShaders } from '../../../vite.config.ts'
import { inWords, watchMainThread } from './main_thread.ts'
import { pause, ready, stepBy } from './playground.ts'
import { site } from './site.ts'
import { choose, drop, file, numberOf, press, says, textOf, type, until, widthOf } from './visitor.ts'

const root = resolve(import.meta.dirname, '../../..')

test('the default network learns the spiral, the page stays free, and its link repeats the run', async () => {
  const { page, faults, screenshot } = await site.open('playground/')
  await ready(page)
  const first = await stepBy(page, 6)
  const mainThread = await watchMainThread(page)
  await press(page, 'Play')
  const loss = await until(page, 'Test loss', value => value < 0.1)
  console.log(`spiral: test loss ${loss} after ${await numberOf(page, 'Epoch')} epochs`)
  await until(page, 'Epoch', value => value > 300)
  const seen = await mainThread()
  console.log(inWords(seen))
  // The clock runs on while a GPU in software takes the processors, so that it is the thread's own work that is bounded.
  expect(seen.tasks.length).toBeGreaterThan(100)
  expect(seen.tasks[0]?.worked).toBeLessThan(50)
  await pause(page)
  await screenshot('playground-trained-light')
  expect(await faults()).toEqual([])

  const link = new URL(page.url()).hash
  expect(link).toContain('data=spiral')
  const other = await site.open('playground/', { hash: link, theme: 'dark' })
  await ready(other.page)
  expect(await stepBy(other.page, 6)).toEqual(first)
  await press(other.page, 'Play')
  await until(other.page, 'Test loss', value => value < 0.1)
  await press(other.page, 'Pause')
  await other.screenshot('playground-trained-dark')
  expect(await other.faults()).toEqual([])
})

test('layers and weights are changed on the graph, and changes are taken back', async () => {
  const { page, faults, screenshot } = await site.open('playground/', { width: 390 })
  await ready(page)
  const neurons = () => page.$$eval('.neuron', list => list.length)
  expect(await neurons()).toBe(2 + 3 * 8 + 1)
  await press(page, 'Add a layer')
  expect(await neurons()).toBe(2 + 4 * 8 + 1)
  await press(page, 'One neuron less in layer 4')
  expect(await neurons()).toBe(2 + 3 * 8 + 7 + 1)
  await press(page, 'Undo')
  await press(page, 'Undo')
  expect(await neurons()).toBe(2 + 3 * 8 + 1)
  await page.focus('[aria-label="Layer 1, neuron 1"]')
  await page.keyboard.press('Enter')
  await type(page, 'From x₁', '3.5')
  await says(page, '.bar-note', 'by hand')
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.waitForFunction(() =>
    [...document.querySelectorAll<HTMLInputElement>('.weights input')].some(({ value }) => value === '3.5'),
  )
  await screenshot('playground-phone')
  expect(await widthOf(page)).toBeLessThanOrEqual(390)
  expect(await faults()).toEqual([])
})

/** Runs a program of the page unchanged, by Node.js; what it prints. */
async function runProgram(text: string): Promise<string> {
  const path = file('network.ts', text)
  const folder = dirname(path)
  const { build } = await import('vite')
  await build({
    configFile: false,
    logLevel: 'error',
    root: folder,
    plugins: [bareShaders],
    resolve: {
      alias: [
        { find: /^retrograd$/, replacement: join(root, 'src/index.ts') },
        { find: /^retrograd\/csv$/, replacement: join(root, 'src/csv.ts') },
        { find: /^papaparse$/, replacement: createRequire(import.meta.url).resolve('papaparse') },
      ],
    },
    ssr: { noExternal: true },
    build: { ssr: path, outDir: join(folder, 'built'), target: 'node20' },
  })
  return execFileSync('node', [join(folder, 'built/network.mjs')], { cwd: folder, encoding: 'utf8' })
}

test('penguins are dropped as CSV, learnt to 95 %, and the program of that run comes to the same', async () => {
  const penguins = JSON.parse(
    readFileSync(join(root, 'node_modules/vega-datasets/data/penguins.json'), 'utf8'),
  ) as object[]
  const path = file('penguins.csv', Papa.unparse(penguins))
  const { page, faults, screenshot } = await site.open('playground/')
  await ready(page)
  await choose(page, 'Data set', 'own')
  await says(page, 'main', 'Waiting for your CSV')
  await drop(page, '.drop', path)
  await page.waitForSelector('.column')
  await choose(page, 'Predict', 'Species')
  await choose(page, 'Island', 'oneHot')
  await says(page, '.legend', 'Gentoo')
  await page.click('.own summary')
  await press(page, 'Play')
  await until(page, 'Test accuracy', value => value >= 95)
  const epoch = await pause(page)
  await page.evaluate(() => scrollTo(0, 0))
  await screenshot('playground-penguins')
  const loss = await numberOf(page, 'Test loss')
  const accuracy = await numberOf(page, 'Test accuracy')
  const program = await page.$eval('.program', area => (area as HTMLTextAreaElement).value)
  const printed = await runProgram(program)
  console.log(
    `penguins: epoch ${epoch}, loss ${loss}, accuracy ${accuracy} %; the program: ${printed.split('test ')[1]}`,
  )
  const [, programLoss = '', programAccuracy = ''] =
    /loss: ([\d.e-]+), accuracy: ([\d.]+)/.exec(printed) ?? []
  // The page shows three digits.
  expect(Number(Number(programLoss).toPrecision(3))).toBeCloseTo(loss, 3)
  expect(100 * Number(programAccuracy)).toBeCloseTo(accuracy, 1)
  expect(await faults()).toEqual([])
})

test('a lost GPU is told, and training goes on with the network that was kept', async () => {
  const { page } = await site.open('playground/')
  await ready(page)
  await press(page, 'Play')
  await until(page, 'Epoch', value => value > 20)
  const epoch = await pause(page)
  const loss = await numberOf(page, 'Test loss')
  await site.crashGpu()
  await says(page, '.banners', 'GPU went away')
  await press(page, 'Go on')
  await says(page, '.bar-note', 'new run')
  expect(await until(page, 'Epoch', value => value >= epoch)).toBeGreaterThanOrEqual(epoch)
  expect(await numberOf(page, 'Test loss')).toBeCloseTo(loss, 2)
  await press(page, 'Step')
  await until(page, 'Epoch', value => value > epoch)
})

test('bad tables and bad links are told in words', async () => {
  const { page } = await site.open('playground/', {
    hash: '#layers=9.nonsense&noise=abc&v=0',
  })
  const words = await textOf(page, '.problems')
  expect(words).toContain('another version')
  expect(words).toContain('Noise is “abc” in the link; it can be a whole number from 0 to 50')
  await ready(page)
  await choose(page, 'Data set', 'own')
  await says(page, 'main', 'Waiting for your CSV')
  const told = async (content: string | Uint8Array, text: string) => {
    await drop(page, '.drop', file('bad.csv', content))
    await says(page, '.problems', text)
  }
  await told('a,b\n1,2\n', 'has 1 row below its header')
  await told('', 'no rows')
  await told('only\n1\n2\n3\n4\n5\n', 'one column')
  await told('a,b\n1,2\n3\n4,5\n', 'Row 2 (not counting the header) has 1 field,')
  await told(new Uint8Array([0x50, 0x4b, 0, 0, 1, 2]), 'no text')
  const other = await site.open('playground/', { hash: '#%%%garbage' })
  expect(await textOf(other.page, '.problems')).toContain('can be read as settings')
  await ready(other.page)
})
