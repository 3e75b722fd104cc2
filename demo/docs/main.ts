// `npm run docs`: writes the reference of all public names and the guides to dist/docs, or where told, by TypeDoc.
import { setupPackages } from '../../src/harness/setup.mjs'

/** Installs TypeDoc where it is missing, then writes the pages. Gives the exit code. */
export async function main([out = 'dist/docs']: readonly string[]): Promise<number> {
  setupPackages('demo/docs')
  // All that imports TypeDoc is loaded once it is there.
  const { writeReference } = await import('./reference.ts')
  return writeReference(out)
}
