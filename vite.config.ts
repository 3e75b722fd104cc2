// How the library is built into one file, and which tests make up the quick and the slow suite.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const minute = 60_000 // ms

const SHADERS = 'virtual:shaders'

/** The name a shader is exported under. */
const exported = (path: string): string => path.replace(/\W/g, '_')

/** A shader without comments, indentation and spaces beside signs; lines stay where compile errors name them. */
function bare(path: string): string {
  const [head = '', ...lines] = readFileSync(join('shaders', path), 'utf8').split('\n')
  const close = (line: string): string => line.replace(/(?<=\w) +(?=[^\w\s])|(?<=[^\w\s]) +(?=\w)/g, '')
  // The first line names the file; what it says of it is for readers of the source.
  return [head.replace(/: .*$/, ': .'), ...lines.map(line => close(line.replace(/\/\/.*$/, '').trim()))].join(
    '\n',
  )
}

/** Puts all shaders that are built in next to each other, where they compress best, and bare. */
export const bareShaders: Plugin = {
  name: 'retrograd:bare-shaders',
  apply: 'build',
  enforce: 'pre',
  resolveId: id => (id === SHADERS ? `\0${SHADERS}` : null),
  load(id) {
    if (id === `\0${SHADERS}`) {
      return readdirSync('shaders', { recursive: true, encoding: 'utf8' })
        .filter(name => name.endsWith('.wgsl'))
        .sort()
        .map(name => `export const ${exported(name)} = ${JSON.stringify(bare(name))}`)
        .join('\n')
    }
    const path = /\/shaders\/(.*\.wgsl)\?raw$/.exec(id)?.[1]
    return path ? `export { ${exported(path)} as default } from '${SHADERS}'` : null
  },
}

/** Lets a sub-path take what it shares with the library from the library's file, rather than a second copy. */
const besideTheLibrary: Plugin = {
  name: 'retrograd:beside-the-library',
  apply: 'build',
  enforce: 'pre',
  resolveId: id => (id === './index.ts' ? { id: './retrograd.js', external: true } : null),
}

/** The licence of a package that is built in, for the file's end: minifying drops comments. */
const licenceOf = (name: string): string =>
  `/* Contains ${name}.\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8')}*/`

/** The file a build writes: the library, or by `--mode` the sub-path of that name, which needs other packages. */
const built = (mode: string): { entry: string; name: string; plugin: Plugin; licence: string } =>
  mode === 'csv'
    ? { entry: 'src/csv.ts', name: 'csv.js', plugin: besideTheLibrary, licence: licenceOf('papaparse') }
    : { entry: 'src/index.ts', name: 'retrograd.js', plugin: bareShaders, licence: '' }

export default defineConfig(({ mode }) => ({
  plugins: [built(mode).plugin],
  build: {
    target: 'es2022',
    outDir: 'dist',
    // The library is built first.
    emptyOutDir: mode === 'csv' ? false : null,
    rolldownOptions: { output: { minify: true, postFooter: built(mode).licence } },
    lib: { entry: built(mode).entry, formats: ['es'], fileName: () => built(mode).name },
  },
  test: {
    // Pages of the demo import the library by its names.
    alias: [
      { find: /^retrograd$/, replacement: join(import.meta.dirname, 'src/index.ts') },
      { find: /^retrograd\/csv$/, replacement: join(import.meta.dirname, 'src/csv.ts') },
    ],
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
        test: {
          name: 'slow',
          include: ['test/slow/**/*.test.ts'],
          testTimeout: 15 * minute,
          // Pages are clicked by the clock, on machines that may do other things: what fails twice is wrong.
          retry: 1,
        },
      },
    ],
  },
}))
