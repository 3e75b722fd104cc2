// The columns of a table of one's own: which is predicted, from which others, and how each becomes numbers.
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { data } from 'retrograd'
import { Button, Field, Select } from '../page/controls.tsx'
import { change, settings } from './history.ts'
import { type ColumnSummary, canTellClasses, codingOf, codingsOf, taskOf, wantOf } from './proposal.ts'
import { problem } from './session.ts'
import type { Columns } from './settings.ts'
import { cut } from './words.ts'

/** Columns that are listed at a time: a table may have thousands. */
const PAGE = 24

const CODING_NAMES: Readonly<Record<data.Coding, string>> = {
  standardize: 'Mean 0, deviation 1',
  minMax: '0 to 1',
  keep: 'As it is',
  oneHot: 'One input a value',
  binary: '0 or 1',
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** Not what every object has of that name, such as `constructor`. */
const codingIn = ({ features }: Columns, name: string): data.Coding | undefined =>
  Object.hasOwn(features, name) ? features[name] : undefined

/** Changes the columns that are chosen; their inputs stay in the table's order, whichever was chosen last. */
function changeColumns(all: readonly ColumnSummary[], next: (before: Columns) => Partial<Columns>): void {
  const before = settings.peek().columns
  if (!before) return
  const columns = { ...before, ...next(before) }
  const features = all.flatMap(({ name }): [string, data.Coding][] => {
    const coding = name === columns.label ? undefined : codingIn(columns, name)
    return coding ? [[name, coding]] : []
  })
  change({ columns: { ...columns, features: Object.fromEntries(features) } })
}

function predict(all: readonly ColumnSummary[], name: string): void {
  const chosen = all.find(column => column.name === name)
  if (!chosen) return
  changeColumns(all, ({ label, features }) => {
    // What was predicted becomes an input.
    const old = all.find(column => column.name === label)
    const coding = old && codingOf(old)
    return {
      label: name,
      task: taskOf(chosen),
      features: coding ? { ...features, [label]: coding } : features,
    }
  })
}

function code(all: readonly ColumnSummary[], name: string, coding: data.Coding | null): void {
  changeColumns(all, ({ features }) => {
    const { [name]: _, ...others } = features
    return { features: coding ? { ...others, [name]: coding } : others }
  })
}

export function ColumnChoice({
  columns,
  all,
  rows,
}: {
  columns: Columns
  all: readonly ColumnSummary[]
  rows: number
}) {
  const label = all.find(({ name }) => name === columns.label)
  // The same element again: a thousand options are compared only where one was chosen.
  const labels = useMemo(
    () => (
      <Select
        label="Predict"
        hint="The column that the network is to find out from the others."
        value={columns.label}
        options={all.map(({ name }) => ({ value: name, label: name }))}
        onChange={name => predict(all, name)}
      />
    ),
    [all, columns.label],
  )
  return (
    <>
      {labels}
      {label?.isNumeric && canTellClasses(label) && (
        <Select
          label="Read it as"
          hint="Classes are told apart; a number is met as closely as can be."
          value={columns.task}
          options={[
            { value: 'classes', label: 'Classes' },
            { value: 'number', label: 'A number' },
          ]}
          onChange={task => changeColumns(all, () => ({ task }))}
        />
      )}
      <fieldset class="columns">
        <legend>Predict from ({counted(rows, 'row')})</legend>
        <ColumnList columns={columns} all={all} />
      </fieldset>
      {problem.value && problem.value.story.length > 0 && <Story lines={problem.value.story} />}
    </>
  )
}

function ColumnList({ columns, all }: { columns: Columns; all: readonly ColumnSummary[] }) {
  const [sought, setSought] = useState('')
  const [page, setPage] = useState(0)
  useEffect(() => {
    setSought('')
    setPage(0)
  }, [all])
  const others = all.filter(({ name }) => name !== columns.label)
  const found = others.filter(({ name }) => name.toLowerCase().includes(sought.trim().toLowerCase()))
  const first = PAGE * Math.max(0, Math.min(page, Math.ceil(found.length / PAGE) - 1))
  const last = Math.min(first + PAGE, found.length)
  return (
    <>
      {others.length > PAGE && (
        <>
          <Field label="Find a column" hint="Lists the columns whose names have these letters.">
            {attributes => (
              <input
                {...attributes}
                type="search"
                value={sought}
                onInput={event => {
                  setSought(event.currentTarget.value)
                  setPage(0)
                }}
              />
            )}
          </Field>
          <div class="column-pages">
            <Button label="Earlier columns" dimmed={first === 0} onClick={() => setPage(first / PAGE - 1)}>
              ‹
            </Button>
            <span class="muted pager" role="status">
              {found.length === 0 ? 'None is named so.' : `${first + 1} to ${last} of ${found.length}`}
            </span>
            <Button
              label="Later columns"
              dimmed={last === found.length}
              onClick={() => setPage(first / PAGE + 1)}
            >
              ›
            </Button>
          </div>
        </>
      )}
      <div class="column-list">
        {found.slice(first, last).map(column => (
          <Column
            key={column.name}
            column={column}
            coding={codingIn(columns, column.name)}
            onCode={coding => code(all, column.name, coding)}
          />
        ))}
      </div>
    </>
  )
}

function Column({
  column,
  coding,
  onCode,
}: {
  column: ColumnSummary
  coding: data.Coding | undefined
  onCode: (coding: data.Coding | null) => void
}) {
  const { name, distinct, gaps, examples, stray } = column
  const codings = codingsOf(column)
  const want = wantOf(column)
  const values = examples.map(example => cut(example, 24)).join(', ')
  return (
    <div class="column" title={name}>
      <Select
        label={name}
        hint={`How this column becomes numbers. ${counted(distinct, 'different value')}${distinct > 0 ? `, such as ${values}` : ''}${gaps ? `; ${counted(gaps, 'gap')}, whose rows are left out` : ''}.`}
        value={coding ?? 'out'}
        disabled={codings.length === 0}
        options={[
          { value: 'out' as const, label: 'Left out' },
          ...codings.map(value => ({ value, label: CODING_NAMES[value] })),
        ]}
        onChange={value => onCode(value === 'out' ? null : value)}
      />
      {want && (
        <small class="muted">
          It holds {want.holds}. {want.remedy}
        </small>
      )}
      {!want && gaps > 0 && <small class="muted">{counted(gaps, 'gap')}: those rows are left out</small>}
      {stray && (
        <small class="stray">
          {stray.row.replace('row', 'Row')} has “{cut(stray.text, 24)}” where most rows have numbers
          {stray.count > 1 && `, and ${counted(stray.count - 1, 'more row')} such`}. Mend the file, or write
          NA there for a gap.
        </small>
      )}
    </div>
  )
}

/** Columns whose story is told: of more, nobody reads it. */
const TOLD = 100

function Story({ lines }: { lines: readonly string[] }) {
  return (
    <details>
      <summary>What was done to the data</summary>
      <ul class="story">
        {lines.slice(0, TOLD).map(line => (
          <li key={line}>{line}</li>
        ))}
        {lines.length > TOLD && <li>And so on, for {lines.length - TOLD} more.</li>}
      </ul>
    </details>
  )
}
