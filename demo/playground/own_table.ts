// A table of one's own: taken from a file or from what was pasted, and the word that a link carries none.
import { effect, signal, untracked } from '@preact/signals'
import { clearProblems, setNotice, tellProblem } from '../page/notices.tsx'
import { change, settings } from './history.ts'
import { propose, type TableSummary } from './proposal.ts'
import { ask, awaitsFile, table } from './session.ts'

/** Bytes of a table beyond which a page had better not read it. */
const LARGEST = 100_000_000

/** The file that is being read. */
export const reading = signal<string | null>(null)

/** Takes a CSV file for the data. */
export async function takeFile(file: File): Promise<void> {
  if (file.size > LARGEST) {
    tellProblem(
      `The file ${file.name} has ${Math.round(file.size / 1e6)} MB; this page takes up to ${LARGEST / 1e6} MB. Take a part of its rows.`,
    )
    return
  }
  await takeTable(file.arrayBuffer(), file.name)
}

/** Counts the tables that were brought. */
let newest = 0

/** Takes the bytes of a CSV file for the data: with the columns that are chosen, where it has them. */
export async function takeTable(content: ArrayBuffer | Promise<ArrayBuffer>, name: string): Promise<void> {
  clearProblems()
  reading.value = name
  const own = ++newest
  try {
    const bytes = new Uint8Array(await content)
    if (own !== newest) return // another was brought meanwhile
    const summary = await ask(api => api.readTable(bytes))
    if (summary) use(summary, name, bytes)
  } finally {
    if (own === newest) reading.value = null
  }
}

function use(summary: TableSummary, name: string, bytes: Uint8Array): void {
  table.value = { ...summary, name, bytes }
  const names = summary.columns.map(({ name }) => name)
  const { columns } = settings.value
  const fits =
    columns && [columns.label, ...Object.keys(columns.features)].every(name => names.includes(name))
  change({ data: 'own', columns: fits ? { ...columns } : propose(summary), ...(fits ? {} : { map: null }) })
}

effect(() => {
  const isMissing = awaitsFile.value
  untracked(() =>
    setNotice(
      'data',
      isMissing && !table.peek()
        ? {
            kind: 'info',
            title: 'Your own data',
            text: 'Links and undo keep which columns are used, not the data, which never leaves your device. Drop, choose or paste a CSV file below.',
          }
        : null,
    ),
  )
})
