// Every op × sample × kernel variant in Chrome on WebGPU, forward and backward, against the CPU reference; samples that
// are there to be timed have their turn in test/slow.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ModulePage, openPage } from '../../src/harness/index.ts'
import { ops } from '../../src/ops/table.ts'
import type { VerifyReport } from '../../src/proof/index.ts'
import { device } from '../suite/device.ts'
import { mechanism, type SuiteReport } from '../suite/index.ts'
import { complaints, Tally } from '../suite/report.ts'

let page: ModulePage
let suite: SuiteReport
const tally = new Tally()

// Without WebGPU this fails, and with it every test: the suite never skips.
beforeAll(async () => {
  page = await openPage({ module: '/test/suite/index.ts' })
  suite = (await page.call('open')) as SuiteReport
})

afterAll(async () => {
  if (suite) process.stdout.write(`${tally.line('Chrome', suite)}\n`)
  await page?.close()
})

describe('ops', () => {
  test.each(Object.keys(ops))('%s', async name => {
    for (const dtype of suite.float16 ? ['float32', 'float16'] : ['float32']) {
      const report = (await page.call('verifyOp', name, dtype)) as VerifyReport
      tally.add(report)
      expect(complaints(report)).toEqual([])
    }
  })
})

describe('mechanism', () => {
  test.each(Object.keys(mechanism))('%s', async name => {
    await page.call('runCase', name)
  })
})

describe('device', () => {
  test.each(Object.keys(device))('%s', async name => {
    await page.call('runDeviceCase', name)
  })
})
