// The large samples of every op, those that benchmarks time, in Chrome on WebGPU against the CPU reference.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ModulePage, openPage } from '../../src/harness/index.ts'
import { ops } from '../../src/ops/table.ts'
import type { VerifyReport } from '../../src/proof/index.ts'
import type { SuiteReport } from '../suite/index.ts'
import { complaints, Tally } from '../suite/report.ts'

let page: ModulePage
let suite: SuiteReport
const tally = new Tally()
const large = Object.keys(ops).filter(name => ops[name]?.definition.samples.some(sample => sample.benchmark))

beforeAll(async () => {
  page = await openPage({ module: '/test/suite/index.ts' })
  suite = (await page.call('open')) as SuiteReport
})

afterAll(async () => {
  if (suite) process.stdout.write(`${tally.line('Chrome, large samples', suite)}\n`)
  await page?.close()
})

test.each(large)('%s', async name => {
  const report = (await page.call('verifyOp', name, 'float32', 'large')) as VerifyReport
  tally.add(report)
  expect(complaints(report)).toEqual([])
})
