// Bundles a module into one file that needs nothing but Node.js and npm's `webgpu`.
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Writes a module of the project, given by its path there, to a folder as one .mjs, and gives the path of that. */
export async function bundleForNode(entry: string, folder: string): Promise<string> {
  const name = basename(entry).replace(/\.ts$/, '.mjs')
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: join(root, entry),
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      // Found at run time or not at all.
      rollupOptions: {
        external: ['webgpu'],
        output: { entryFileNames: name, codeSplitting: false },
      },
    },
    ssr: { noExternal: true },
  })
  return join(folder, name)
}
