// Every op of the table, whether it was run or not: what proving it found.

import { Scroller } from '../page/scroller.tsx'
import { Card } from '../page/shell.tsx'
import { errorOf, standing } from './report.ts'
import { chosen, type Entry, entries, work } from './state.ts'

export function Table() {
  return (
    <Card title="Every op" hint="The largest error is relative: how far a number is off, over its size.">
      <p class="muted">{countOf(chosen.value.length, entries.value.length)}</p>
      <Scroller label="Table of ops">
        <table>
          <thead>
            <tr>
              <th scope="col">Op</th>
              <th scope="col">Result</th>
              <th scope="col" class="number">
                Cases
              </th>
              <th scope="col" class="number">
                Gradients
              </th>
              <th scope="col" class="number">
                Largest error
              </th>
              <th scope="col">Family</th>
              <th scope="col">Variants</th>
            </tr>
          </thead>
          <tbody>
            {chosen.value.map(entry => (
              <Row key={entry.name} entry={entry} />
            ))}
          </tbody>
        </table>
      </Scroller>
    </Card>
  )
}

function countOf(some: number, all: number): string {
  if (all === 0) return 'Starting …'
  if (some === 0) return 'No op of this family has such a name.'
  return some < all ? `${some} of ${all} ops are shown.` : `${all} ops.`
}

/** Follows its own op alone, so that a result draws one row. */
function Row({ entry: { name, family, variants, proof } }: { entry: Entry }) {
  const found = proof.value
  return (
    <tr data-op={name}>
      <th scope="row">
        <code>{name}</code>
      </th>
      <td class="result">
        <Result name={name} proof={proof} />
      </td>
      <td class="number">{found?.cases}</td>
      <td class="number">{found?.gradients}</td>
      <td class="number">{found && errorOf(found.error)}</td>
      <td>{family}</td>
      <td class={variants.length === 0 ? 'variants filling muted' : 'variants filling'}>
        {variants.join(', ') || 'made of other ops'}
      </td>
    </tr>
  )
}

function Result({ name, proof }: Pick<Entry, 'name' | 'proof'>) {
  const found = proof.value
  if (found) return <span class={found.wrong > 0 ? 'bad' : 'good'}>{standing(found)}</span>
  const isRunning = work.value?.kind === 'verify' && work.value.name === name
  return <span class="muted">{isRunning ? 'running …' : standing(null)}</span>
}
