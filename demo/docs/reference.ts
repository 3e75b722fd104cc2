// The reference: TypeDoc's options, and the pages written.
import { readdirSync } from 'node:fs'
import { Application } from 'typedoc'
import { sections, shape } from './shape.ts'

const FOLDER = 'demo/docs'
/** The guides in the order they are read in; the file's name is a number and a word. */
const GUIDES = readdirSync(`${FOLDER}/guides`)
  .sort()
  .map(name => `${FOLDER}/guides/${name}`)

/** Writes the pages to a folder. Gives the exit code: 1 for errors in the sources, and for warnings. */
export async function writeReference(out: string): Promise<number> {
  const app = await Application.bootstrap({
    name: 'retrograd',
    tsconfig: `${FOLDER}/tsconfig.json`,
    entryPoints: ['src/index.ts', 'src/csv.ts'],
    readme: 'README.md',
    projectDocuments: GUIDES,
    headings: { readme: false, document: false },
    sort: ['kind', 'alphabetical'],
    kindSortOrder: ['Document', 'Namespace', 'Class', 'Function', 'Variable', 'Interface', 'TypeAlias'],
    groupOrder: [
      'Documents',
      'Modules',
      'Namespaces',
      'Classes',
      'Functions',
      'Variables',
      'Interfaces',
      'Type Aliases',
    ],
    sortEntryPoints: false,
    categorizeByGroup: false,
    categoryOrder: sections(),
    navigation: { includeCategories: true, includeGroups: false, includeFolders: false },
    highlightLanguages: ['ts', 'wgsl', 'html', 'bash', 'json'],
    excludeReferences: false,
    includeHierarchySummary: false,
    searchInDocuments: true,
    // The sources are beside the pages, not on a site: places are named, without links.
    disableGit: true,
    sourceLinkTemplate: '{path}',
    githubPages: false,
    treatWarningsAsErrors: true,
  })
  shape(app)
  const project = await app.convert()
  if (!project || app.logger.hasErrors()) return 1
  app.validate(project)
  await app.generateDocs(project, out)
  process.stdout.write(`${out}/index.html\n`)
  return app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0
}
