// How the library is built into one file, and which tests make up the quick and the slow suite.
import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const minute = 60_000 // ms

/** Leaves comments and indentation out of the shaders that are built in; lines stay where compile errors name them. */
const bareShaders: Plugin = {
  name: 'retrograd:bare-shaders',
  apply: 'build',
  enforce: 'pre',
  load(id) {
    const [path = id, query] = id.split('?')
    if (!path.endsWith('.wgsl') || query !== 'raw') return null
    const [head = '', ...lines] = readFileSync(path, 'utf8').split('\n')
    const bare = lines.map(line => line.replace(/\/\/.*$/, '').trim())
    return `export default ${JSON.stringify([head, ...bare].join('\n'))}`
  },
}

export default defineConfig({
  plugins: [bareShaders],
  build: {
    target: 'es2022',
    outDir: 'dist',
    rolldownOptions: { output: { minify: true } },
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'retrograd.js' },
  },
  test: {
    // Two suites at a time: a software GPU compiles on one core. More would only wait for each other.
    maxWorkers: 2,
    // The first call of a large kernel waits for its compilation, a second a variant on a software GPU.
    testTimeout: 5 * minute,
    hookTimeout: 5 * minute,
    projects: [
      {
        extends: true,
        test: { name: 'quick', include: ['test/**/*.test.ts'], exclude: ['test/slow/**'] },
      },
      {
        extends: true,
        test: { name: 'slow', include: ['test/slow/**/*.test.ts'], testTimeout: 15 * minute },
      },
    ],
  },
})
