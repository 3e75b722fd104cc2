// `npm run bench -- gpu`: bundles the workloads into one file that runs in Node.js on Dawn, on machines without a browser.
import { mkdirSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { build } from 'vite'
import { parseOptions, tellingErrors } from '../../src/harness/command.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where the machine's own files for Dawn lie too; git ignores it. */
const DEFAULT = '.gpu/bench.mjs'

/** Writes the bundle and says how to run it. */
export function main(argv: readonly string[]): Promise<number> {
  return tellingErrors(async () => {
    const command = new Command('npm run bench -- gpu')
      .description(
        'Bundles the benchmark of retrograd alone into one .mjs that needs Node.js and npm’s webgpu.',
      )
      .option('--out <file>', 'where to write it', DEFAULT)
    const options = parseOptions<{ readonly out: string }>(command, argv)
    if (!options) return 0
    const path = resolve(root, options.out)
    await bundle(path)
    const name = path.startsWith(root) ? relative(root, path) : path
    process.stdout.write(
      `Wrote ${name}. Run it where npm's webgpu can be found from its folder, or name that package's folder:\n` +
        `  node ${name}\n  RETROGRAD_DAWN=…/node_modules/webgpu node ${name} --workload W1,matmul --json\n`,
    )
    return 0
  })
}

async function bundle(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: join(root, 'bench/gpu/node.ts'),
      outDir: dirname(path),
      emptyOutDir: false,
      target: 'node20',
      // Found at run time or not at all.
      rolldownOptions: {
        external: ['webgpu'],
        output: { entryFileNames: basename(path), codeSplitting: false },
      },
    },
    ssr: { noExternal: true },
  })
}
