// The docs: every public name has a docstring.
import { relative, resolve } from 'node:path'
import { API, type Symbol as Name, SymbolFlags } from 'typescript/unstable/sync'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** Public names without a docstring, each with its file. */
function undocumented(): { names: number; silent: string[] } {
  const api = new API({ cwd: root })
  try {
    const [project] = api
      .updateSnapshot({ openProject: resolve(root, 'src/tsconfig.build.json') })
      .getProjects()
    if (!project) throw new Error('the project could not be opened')
    const { checker, program } = project
    let names = 0
    const silent: string[] = []
    const visit = (module: Name, path: string): void => {
      for (const exported of checker.getExportsOfModule(module)) {
        const isAlias = (exported.flags & SymbolFlags.Alias) !== 0
        const target = isAlias ? checker.getAliasedSymbol(exported) : exported
        const name = `${path}${exported.name}`
        if (target.flags & SymbolFlags.ValueModule) {
          visit(target, `${name}.`)
          continue
        }
        names++
        if (checker.getDocumentationCommentOfSymbol(target).trim() !== '') continue
        silent.push(`${name} (${relative(root, target.declarations[0]?.path ?? '')})`)
      }
    }
    for (const entry of ['src/index.ts', 'src/csv.ts']) {
      const file = program.getSourceFile(resolve(root, entry))
      const module = file && checker.getSymbolAtLocation(file)
      if (!module) throw new Error(`${entry} could not be read`)
      visit(module, '')
    }
    return { names, silent }
  } finally {
    api.close()
  }
}

test('every public name has a docstring', () => {
  const { names, silent } = undocumented()
  expect(silent).toEqual([])
  expect(names).toBeGreaterThan(300)
})
