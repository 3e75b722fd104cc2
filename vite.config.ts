// How the library is built into one file, and which tests make up the quick and the slow suite.
import { defineConfig } from 'vitest/config'

const minute = 60_000 // ms

export default defineConfig({
  build: {
    target: 'es2022',
    outDir: 'dist',
    minify: true,
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'retrograd.js' },
  },
  test: {
    // Kernels on a software GPU take both cores: files that run at once would only wait for each other.
    fileParallelism: false,
    testTimeout: 2 * minute,
    hookTimeout: 2 * minute,
    projects: [
      {
        extends: true,
        test: { name: 'quick', include: ['test/**/*.test.ts'], exclude: ['test/slow/**'] },
      },
      { extends: true, test: { name: 'slow', include: ['test/slow/**/*.test.ts'], testTimeout: 15 * minute } },
    ],
  },
})
