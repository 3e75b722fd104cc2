// The programs that README and guides show: blocks of TypeScript, joined to whole programs, checked and run.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** A program of a page: the blocks from one that starts an engine to the next such, those marked `ignore` left out. */
export interface Program {
  /** Page and line, for messages. */
  readonly name: string
  readonly text: string
  /** The part that is run: all but blocks marked `no_run`. */
  readonly run: string
}

/** Pages that show programs. */
export function pages(): string[] {
  const guides = join(root, 'demo/docs/guides')
  return [join(root, 'README.md'), ...readdirSync(guides).map(name => join(guides, name))]
}

/** The programs of a page, in order. */
export function programsOf(page: string): Program[] {
  const source = readFileSync(page, 'utf8')
  const programs: Program[] = []
  for (const { 1: mark = '', 2: block = '', index } of source.matchAll(/^```ts([^\n]*)\n(.*?)^```/gms)) {
    if (mark.trim() === 'ignore') continue
    const run = mark.trim() === 'no_run' ? '' : block
    const last = programs.at(-1)
    if (last && !/\bawait init\(/.test(block))
      programs[programs.length - 1] = {
        name: last.name,
        text: `${last.text}\n${block}`,
        run: `${last.run}\n${run}`,
      }
    else programs.push({ name: `${page}:${source.slice(0, index).split('\n').length}`, text: block, run })
  }
  return programs
}

/** Writes the programs to a folder of their own and gives their paths to `use`. */
export async function withFiles<T>(
  programs: readonly string[],
  use: (folder: string, files: readonly string[]) => T | Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'retrograd-docs-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const files = programs.map((text, i) => {
      const file = join(folder, `program${i}.ts`)
      // Modules even where they import nothing.
      writeFileSync(file, `${text}\nexport {}\n`)
      return file
    })
    return await use(folder, files)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What the compiler says to programs that import `retrograd`; '' if nothing. */
export function typeErrors(programs: readonly string[]): Promise<string> {
  return withFiles(programs, (folder, files) => {
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noUnusedLocals: false },
      include: [],
      files,
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    try {
      execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { cwd: root, encoding: 'utf8' })
      return ''
    } catch (error) {
      const said = String((error as { stdout?: unknown }).stdout ?? error)
      // What is wrong in the sources themselves is told by `npm run check`.
      return said
        .split('\n')
        .filter(line => /program\d+\.ts/.test(line))
        .join('\n')
    }
  })
}

/** What a program's comments say that it prints: JSON behind `console.log(…) //`; others are for people. */
export function promisedBy(program: string): unknown[] {
  return [...program.matchAll(/^ *console\.log\(.*\) \/\/ (.*)$/gm)].flatMap(
    ([, comment = '']): unknown[] => {
      try {
        return [JSON.parse(comment)]
      } catch {
        return []
      }
    },
  )
}

/** A program as it runs on the sources. */
export const onSources = (program: string): string =>
  program
    .replaceAll("from 'retrograd'", `from '${join(root, 'src/index.ts')}'`)
    .replaceAll("from 'retrograd/csv'", `from '${join(root, 'src/csv.ts')}'`)
