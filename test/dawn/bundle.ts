// Bundles the Dawn suite into one file that needs nothing but Node.js and npm's `webgpu`.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Writes `dawn_suite.mjs` to a folder and gives its path. */
export async function bundleSuite(folder: string): Promise<string> {
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: join(root, 'test/dawn/main.ts'),
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      // Found at run time or not at all.
      rollupOptions: {
        external: ['webgpu'],
        output: { entryFileNames: 'dawn_suite.mjs', codeSplitting: false },
      },
    },
    ssr: { noExternal: true },
  })
  return join(folder, 'dawn_suite.mjs')
}
