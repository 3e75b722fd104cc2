// A CSV file of one's own: dropped, chosen or pasted; its columns, and what becomes of each.

import { useEffect, useRef, useState } from 'preact/hooks'
import type { data } from 'retrograd'
import { chooseFiles } from '../page/choose.ts'
import { Button, Field, Select } from '../page/controls.tsx'
import { tellProblem } from '../page/notices.tsx'
import { change, settings } from './history.ts'
import { reading, takeFile, takeTable } from './own_table.ts'
import { type ColumnSummary, canTellClasses, codingOf, taskOf } from './proposal.ts'
import { problem, table } from './session.ts'
import { CODINGS, type Columns } from './settings.ts'
import { cut } from './words.ts'

export function OwnData() {
  const [isOver, setOver] = useState(false)
  const [pasted, setPasted] = useState<string | null>(null)
  const zone = useRef<HTMLDivElement>(null)
  useEffect(() => dropZone(zone.current, setOver, take), [])
  const take = (file: File | null | undefined) => {
    if (!file) return
    takeFile(file).catch(tellProblem)
  }
  return (
    <div class="own">
      <div ref={zone} class={isOver ? 'drop over' : 'drop'}>
        <p role="status">
          {reading.value ? `Reading ${reading.value} …` : (table.value?.name ?? 'Drop a CSV file here')}
        </p>
        <div class="row">
          <Button onClick={async () => take((await chooseFiles('.csv,.tsv,.txt,text/csv'))[0])}>
            Choose a file
          </Button>
          <Button pressed={pasted !== null} onClick={() => setPasted(pasted === null ? '' : null)}>
            Paste
          </Button>
        </div>
      </div>
      {pasted !== null && (
        <div class="stack">
          <Field
            label="Table"
            hint="Text with a line for each row and commas, semicolons or tabs between the columns; the first line names them."
          >
            {attributes => (
              <textarea
                {...attributes}
                rows={5}
                value={pasted}
                onInput={event => setPasted(event.currentTarget.value)}
              />
            )}
          </Field>
          <Button
            kind="primary"
            disabled={pasted.trim() === ''}
            onClick={() => {
              takeTable(new TextEncoder().encode(pasted).buffer, 'pasted.csv').catch(tellProblem)
              setPasted(null)
            }}
          >
            Use this table
          </Button>
        </div>
      )}
      {table.value && settings.value.columns && (
        <ColumnChoice columns={settings.value.columns} all={table.value.columns} rows={table.value.rows} />
      )}
      {table.value?.note && <p class="muted">{table.value.note}</p>}
    </div>
  )
}

/** Takes files that are dropped there; gives what ends that. */
function dropZone(
  element: HTMLElement | null,
  onOver: (isOver: boolean) => void,
  onFile: (file: File | undefined) => void,
): () => void {
  const stop = new AbortController()
  const { signal } = stop
  const onDragOver = (event: DragEvent) => {
    event.preventDefault()
    onOver(true)
  }
  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    onOver(false)
    onFile(event.dataTransfer?.files[0])
  }
  element?.addEventListener('dragover', onDragOver, { signal })
  element?.addEventListener('dragleave', () => onOver(false), { signal })
  element?.addEventListener('drop', onDrop, { signal })
  return () => stop.abort()
}

const CODING_NAMES: Readonly<Record<data.Coding, string>> = {
  standardize: 'Mean 0, deviation 1',
  minMax: '0 to 1',
  keep: 'As it is',
  oneHot: 'One input a value',
  binary: '0 or 1',
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

function ColumnChoice({
  columns,
  all,
  rows,
}: {
  columns: Columns
  all: readonly ColumnSummary[]
  rows: number
}) {
  const label = all.find(({ name }) => name === columns.label)
  const set = (patch: Partial<Columns>) => change({ columns: { ...columns, ...patch } })
  const choose = (name: string) => {
    const chosen = all.find(column => column.name === name)
    if (!chosen) return
    // What was predicted becomes an input.
    const coding = label && codingOf(label)
    const { [name]: _, ...features } = { ...columns.features, ...(coding ? { [label.name]: coding } : {}) }
    set({ label: name, features: inOrder(features), task: taskOf(chosen) })
  }
  // In the table's order, whichever was chosen last.
  const inOrder = (features: Columns['features']): Columns['features'] =>
    Object.fromEntries(
      all.flatMap(({ name }): [string, data.Coding][] => {
        const found = features[name]
        return found ? [[name, found]] : []
      }),
    )
  const code = (name: string, coding: data.Coding | null) => {
    const { [name]: _, ...features } = columns.features
    set({ features: inOrder(coding ? { ...features, [name]: coding } : features) })
  }
  return (
    <>
      <Select
        label="Predict"
        hint="The column that the network is to find out from the others."
        value={columns.label}
        options={all.map(({ name }) => ({ value: name, label: name }))}
        onChange={choose}
      />
      {label?.isNumeric && canTellClasses(label) && (
        <Select
          label="Read it as"
          hint="Classes are told apart; a number is met as closely as can be."
          value={columns.task}
          options={[
            { value: 'classes', label: 'Classes' },
            { value: 'number', label: 'A number' },
          ]}
          onChange={task => set({ task })}
        />
      )}
      <fieldset class="columns">
        <legend>Predict from ({counted(rows, 'row')})</legend>
        <div class="column-list">
          {all
            .filter(({ name }) => name !== columns.label)
            .map(column => {
              const { name, isNumeric, distinct, gaps, examples, stray } = column
              const usual = codingOf(column)
              const codings = CODINGS.filter(coding =>
                coding === 'binary' ? distinct === 2 : isNumeric ? true : coding === 'oneHot',
              ).filter(coding => coding !== 'oneHot' || distinct <= 20)
              return (
                <div key={name} class="column">
                  <Select
                    label={name}
                    hint={`How this column becomes numbers. ${distinct} different values, such as ${examples.join(', ')}${gaps ? `; ${counted(gaps, 'gap')}, whose rows are left out` : ''}.`}
                    value={columns.features[name] ?? 'out'}
                    disabled={!usual || distinct < 2}
                    options={[
                      { value: 'out' as const, label: usual ? 'Left out' : 'Left out: too many values' },
                      ...codings.map(coding => ({ value: coding, label: CODING_NAMES[coding] })),
                    ]}
                    onChange={coding => code(name, coding === 'out' ? null : coding)}
                  />
                  {gaps > 0 && <small class="muted">{counted(gaps, 'gap')}: those rows are left out</small>}
                  {stray && (
                    <small class="stray">
                      Row {stray.row} has “{cut(stray.text, 24)}” where most rows have numbers
                      {stray.count > 1 && `, and ${counted(stray.count - 1, 'more row')} such`}. Mend the
                      file, or write NA there for a gap.
                    </small>
                  )}
                </div>
              )
            })}
        </div>
      </fieldset>
      {problem.value && problem.value.story.length > 0 && (
        <details>
          <summary>What was done to the data</summary>
          <ul class="story">
            {problem.value.story.map(line => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}
