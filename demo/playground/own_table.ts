// A table of one's own: taken from a file or from what was pasted, and the word that a link carries none.
import { effect, untracked } from '@preact/signals'
import { clearProblems, setNotice, tellProblem } from '../page/notices.tsx'
import { change, settings, table } from './history.ts'
import { fits, propose } from './proposal.ts'
import { ask, awaitsFile, lacking, reading } from './session.ts'
import { cut } from './words.ts'

/** Bytes of a table beyond which a page had better not read it. */
const LARGEST = 100_000_000

/** Counts the tables that were brought. */
let newest = 0

/** Takes a CSV file for the data: with the columns that are chosen, where it has such. */
export async function takeTable(file: Blob, name: string): Promise<void> {
  if (file.size > LARGEST) {
    tellProblem(
      `The file ${name} has ${Math.round(file.size / 1e6)} MB; this page takes up to ${LARGEST / 1e6} MB. Take a part of its rows.`,
    )
    return
  }
  clearProblems()
  reading.value = name
  const number = ++newest
  const summary = await ask(api => api.readTable(number, file))
  if (number !== newest) return // another was brought meanwhile
  reading.value = null
  if (!summary) return
  const { columns } = settings.value
  const kept = columns && fits(columns, summary) ? columns : null
  change(
    { data: 'own', columns: kept ?? propose(summary), ...(kept ? {} : { map: null }) },
    { ...summary, number, name, file },
  )
}

const AWAITED =
  'Links keep which columns are used, not the data, which never leaves your device. Drop, choose or paste a CSV file below.'

effect(() => {
  const isMissing = awaitsFile.value
  const [{ name = '' }, [first = '', ...others]] = [table.value ?? {}, lacking.value]
  const text = first
    ? `${name} has no column “${cut(first, 24)}”${others.length > 0 ? `, and lacks ${others.length} more` : ''}. Bring the file that has them, or this one again to begin with columns of its own.`
    : AWAITED
  untracked(() => setNotice('data', isMissing ? { kind: 'info', title: 'Your own data', text } : null))
})
