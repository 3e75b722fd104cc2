// `npm run bench -- page`: serves bench/index.html, the benchmark of retrograd alone for anyone's browser.
import { Command } from 'commander'
import { parseOptions, tellingErrors } from '../../src/harness/command.ts'
import { serve } from '../../src/harness/index.ts'

/** Serves the page until the process is told to end. */
export function main(argv: readonly string[]): Promise<number> {
  return tellingErrors(async () => {
    const command = new Command('npm run bench -- page').description(
      'Serves a page that measures retrograd in any browser with WebGPU, and prints its address.',
    )
    if (!parseOptions(command, argv)) return 0
    const site = await serve({ files: { '/benchmark': 'bench' } })
    process.stdout.write(`${site.origin}/benchmark/index.html\nEnd it with Ctrl+C.\n`)
    await new Promise(resolve => {
      process.once('SIGINT', resolve)
      process.once('SIGTERM', resolve)
    })
    await site.close()
    return 0
  })
}
