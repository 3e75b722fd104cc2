// The docs: every public name has a docstring, every member of a public object, and every name that an option takes.
import { relative, resolve } from 'node:path'
import { SyntaxKind } from 'typescript/unstable/ast'
import { API, type Checker, isUnionType, type Symbol as Name, SymbolFlags } from 'typescript/unstable/sync'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

interface Found {
  /** Public names, with their rooms: `nn.relu`. */
  readonly names: string[]
  /** Of them and of members of public objects, those without a docstring, each with its file. */
  readonly silent: string[]
  /** Public types that are a choice of names, each with its names and its docstring. */
  readonly choices: { readonly type: string; readonly names: readonly string[]; readonly words: string }[]
  /** Last parts of names that have words. */
  readonly told: Set<string>
}

/** Members of an object literal, which a constant is: not those of a type that it has. */
const MEMBERS = [
  SyntaxKind.PropertyAssignment,
  SyntaxKind.ShorthandPropertyAssignment,
  SyntaxKind.MethodDeclaration,
]

function membersOf(checker: Checker, constant: Name): readonly Name[] {
  const type = constant.flags & SymbolFlags.Variable ? checker.getTypeOfSymbol(constant) : undefined
  const path = constant.declarations[0]?.path
  return (type ? checker.getPropertiesOfType(type) : []).filter(member =>
    member.declarations.some(one => one.path === path && MEMBERS.includes(one.kind)),
  )
}

/** The names that a type is a choice of. */
function choiceOf(checker: Checker, alias: Name): string[] {
  const type = checker.getDeclaredTypeOfSymbol(alias)
  const parts = isUnionType(type) ? type.getTypes() : [type]
  return parts.flatMap(part => ('value' in part && typeof part.value === 'string' ? [part.value] : []))
}

function read(): Found {
  const api = new API({ cwd: root })
  try {
    const [project] = api
      .updateSnapshot({ openProject: resolve(root, 'src/tsconfig.build.json') })
      .getProjects()
    if (!project) throw new Error('the project could not be opened')
    const { checker, program } = project
    const found: Found = { names: [], silent: [], choices: [], told: new Set() }
    const wordsOf = (name: Name): string => checker.getDocumentationCommentOfSymbol(name).trim()
    const note = (of: Name, name: string): void => {
      found.names.push(name)
      if (wordsOf(of) !== '') found.told.add(name.split('.').at(-1) ?? '')
      else found.silent.push(`${name} (${relative(root, of.declarations[0]?.path ?? '')})`)
    }
    const visit = (module: Name, path: string): void => {
      for (const exported of checker.getExportsOfModule(module)) {
        const isAlias = (exported.flags & SymbolFlags.Alias) !== 0
        const target = isAlias ? checker.getAliasedSymbol(exported) : exported
        const name = `${path}${exported.name}`
        if (target.flags & SymbolFlags.ValueModule) {
          visit(target, `${name}.`)
          continue
        }
        note(target, name)
        for (const member of membersOf(checker, target)) {
          // What is listed under its own name has its words there.
          const isListed = member.declarations.some(
            ({ kind }) => kind === SyntaxKind.ShorthandPropertyAssignment,
          )
          const own = isListed
            ? checker.getExportsOfModule(module).find(one => one.name === member.name)
            : undefined
          note(own ?? member, `${name}.${member.name}`)
        }
        if (!(target.flags & SymbolFlags.TypeAlias)) continue
        const choice = choiceOf(checker, target)
        if (choice.length > 0) found.choices.push({ type: name, names: choice, words: wordsOf(target) })
      }
    }
    for (const entry of ['src/index.ts', 'src/csv.ts']) {
      const file = program.getSourceFile(resolve(root, entry))
      const module = file && checker.getSymbolAtLocation(file)
      if (!module) throw new Error(`${entry} could not be read`)
      visit(module, '')
    }
    return found
  } finally {
    api.close()
  }
}

const { names, silent, choices, told } = read()

test('every public name and every member of a public object has a docstring', () => {
  expect(silent).toEqual([])
  expect(names.length).toBeGreaterThan(300)
  expect(names).toContain('nn.initializers.orthogonal')
})

test('every name that an option takes is told of: by its type, or as the public name that it is', () => {
  const untold = choices.flatMap(({ type, names, words }) =>
    names
      // Several words speak for themselves.
      .filter(name => !name.includes(' ') && !told.has(name) && !new RegExp(`\\b${name}\\b`).test(words))
      .map(name => `${type} '${name}'`),
  )
  expect(untold).toEqual([])
  expect(choices.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['DType', 'ErrorCode', 'nn.ActivationName', 'train.MetricName']),
  )
})
