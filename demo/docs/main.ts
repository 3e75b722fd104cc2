// `npm run docs`: writes the reference of all public names and the guides to dist/docs, by TypeDoc.
import { readdirSync } from 'node:fs'
import { setupPackages } from '../../src/harness/setup.mjs'

const FOLDER = 'demo/docs'
const OUT = 'dist/docs'
/** The guides in the order they are read in; the file's name is a number and a word. */
const GUIDES = readdirSync(`${FOLDER}/guides`)
  .sort()
  .map(name => `${FOLDER}/guides/${name}`)

/** Writes the pages. Gives the exit code: 1 for errors in the sources, and for warnings. */
export async function main(): Promise<number> {
  setupPackages(FOLDER)
  const { Application } = await import('typedoc')
  const { sections, shape } = await import('./shape.ts')
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
  await app.generateDocs(project, OUT)
  process.stdout.write(`${OUT}/index.html\n`)
  return app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0
}
