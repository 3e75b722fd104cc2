// The suite under Dawn in Node.js, bundled into one file for a bare machine: prints a line of JSON for each result.
import { ops } from '../../src/ops/table.ts'
import { device } from '../suite/device.ts'
import { mechanism, open, runCase, runDeviceCase, verifyOp } from '../suite/index.ts'
import { complaints, Tally } from '../suite/report.ts'
import { openDawn } from './dawn.ts'

/** A line of the output. */
export type Line =
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'suite'; readonly adapter: string }
  | {
      readonly kind: 'op' | 'mechanism' | 'device'
      readonly name: string
      readonly complaints: readonly string[]
    }
  | { readonly kind: 'end'; readonly summary: string; readonly failed: number }

const print = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

async function main(): Promise<void> {
  const gpu = await openDawn()
  if (typeof gpu === 'string') return print({ kind: 'none', reason: gpu })
  const suite = await open(gpu)
  print({ kind: 'suite', adapter: suite.adapter })
  const chosen = process.argv.slice(2)
  const tally = new Tally()
  let failed = 0
  const result = async (kind: 'op' | 'mechanism' | 'device', name: string, run: () => Promise<string[]>) => {
    if (chosen.length > 0 && !chosen.includes(name) && !chosen.includes(kind)) return
    const found = await run().catch(error => [String(error)])
    failed += found.length > 0 ? 1 : 0
    print({ kind, name, complaints: found })
  }
  const none = (run: Promise<void>) => run.then((): string[] => [])
  for (const name of Object.keys(ops)) {
    await result('op', name, async () => {
      const found: string[] = []
      for (const dtype of suite.float16 ? (['float32', 'float16'] as const) : (['float32'] as const)) {
        const report = await verifyOp(name, dtype)
        tally.add(report)
        found.push(...complaints(report).map(line => (dtype === 'float16' ? `float16 ${line}` : line)))
      }
      return found
    })
  }
  for (const name of Object.keys(mechanism)) await result('mechanism', name, () => none(runCase(name)))
  for (const name of Object.keys(device)) await result('device', name, () => none(runDeviceCase(name)))
  print({ kind: 'end', summary: tally.line('Dawn', suite), failed })
  process.exitCode = failed > 0 ? 1 : 0
}

await main()
// Dawn's threads keep Node.js alive.
process.exit()
