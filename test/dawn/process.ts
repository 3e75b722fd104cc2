// Runs a module under Dawn in a process of its own, which Dawn may take down with it.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { bundleForNode } from './bundle.ts'

/** Where Mesa's packages describe lavapipe, its software Vulkan. */
const LAVAPIPE = [
  '/usr/share/vulkan/icd.d/lvp_icd.json',
  `/usr/share/vulkan/icd.d/lvp_icd.${{ arm64: 'aarch64' }[process.arch as string] ?? 'x86_64'}.json`,
]

/** Bundles a module of the project, runs it, and gives the objects it printed, one a line. */
export async function runUnderDawn<Line>(entry: string): Promise<Line[]> {
  // Inside node_modules, so that the bundle finds a `webgpu` installed beside the project's own packages.
  const folder = mkdtempSync(join(import.meta.dirname, '../../node_modules/.retrograd-dawn-'))
  try {
    const icd = LAVAPIPE.find(path => existsSync(path))
    const child = spawn(process.execPath, [await bundleForNode(entry, folder)], {
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
