// Dawn in Node.js, where it is installed: RETROGRAD_DAWN names the folder of npm's `webgpu`; without it that package is
// looked for from the folder the process runs in.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Dawn {
  create(flags: readonly string[]): GPU
  readonly globals: object
}

async function loadDawn(): Promise<Dawn> {
  const folder = process.env.RETROGRAD_DAWN
  const path = folder
    ? join(folder, 'index.js')
    : createRequire(join(process.cwd(), 'any.js')).resolve('webgpu')
  return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Dawn
}

/** The `navigator.gpu` of Dawn, with an adapter to be had, or in words why there is none. */
export async function openDawn(): Promise<GPU | string> {
  const dawn = await loadDawn().catch(error => String(error))
  if (typeof dawn === 'string') return `npm's webgpu is not installed (${dawn.split('\n')[0]})`
  Object.assign(globalThis, dawn.globals)
  const gpu = dawn.create(['enable-dawn-features=allow_unsafe_apis'])
  return (await gpu.requestAdapter()) ? gpu : 'Dawn finds no adapter'
}
