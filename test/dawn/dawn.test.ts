// The same suite on the second WebGPU implementation, Dawn in Node.js, where that is installed: float16 included.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { bundleSuite } from './bundle.ts'
import type { Line } from './main.ts'

/** Where Mesa's packages describe lavapipe, its software Vulkan. */
const LAVAPIPE = [
  '/usr/share/vulkan/icd.d/lvp_icd.json',
  `/usr/share/vulkan/icd.d/lvp_icd.${{ arm64: 'aarch64' }[process.arch as string] ?? 'x86_64'}.json`,
]

/** Runs the suite in a process of its own, which Dawn may take down with it. */
async function runSuite(): Promise<Line[]> {
  // Inside node_modules, so that the bundle finds a `webgpu` installed beside the project's own packages.
  const folder = mkdtempSync(join(import.meta.dirname, '../../node_modules/.retrograd-dawn-'))
  try {
    const icd = LAVAPIPE.find(path => existsSync(path))
    const child = spawn(process.execPath, [await bundleSuite(folder)], {
      env: {
        XDG_RUNTIME_DIR: folder,
        ...(icd ? { VK_ICD_FILENAMES: icd, VK_DRIVER_FILES: icd } : {}),
        ...process.env,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const lines: Line[] = []
    for await (const line of createInterface({ input: child.stdout }))
      if (line.startsWith('{')) lines.push(JSON.parse(line) as Line)
    return lines
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const lines = await runSuite()
const absent = lines.find(line => line.kind === 'none')
const end = lines.find(line => line.kind === 'end')
process.stdout.write(`${absent ? `Dawn: not run, ${absent.reason}` : (end?.summary ?? 'Dawn: died')}\n`)

if (absent) {
  test.skip(`Dawn: ${absent.reason}`, () => undefined)
} else {
  describe.each(['op', 'mechanism', 'device'] as const)('%s', kind => {
    test.each(lines.flatMap(line => (line.kind === kind ? [line] : [])))('$name', line => {
      expect(line.complaints).toEqual([])
    })
  })

  test('the suite ran to its end', () => {
    expect(end?.failed).toBe(0)
  })
}
