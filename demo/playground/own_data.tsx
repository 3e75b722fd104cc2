// A CSV file of one's own: dropped, chosen or pasted.

import { useEffect, useRef, useState } from 'preact/hooks'
import { chooseFiles } from '../page/choose.ts'
import { Button, Field } from '../page/controls.tsx'
import { ColumnChoice } from './column_choice.tsx'
import { settings, table } from './history.ts'
import { takeTable } from './own_table.ts'
import { awaitsFile, reading } from './session.ts'

export function OwnData() {
  const [isOver, setOver] = useState(false)
  const [pasted, setPasted] = useState<string | null>(null)
  const zone = useRef<HTMLDivElement>(null)
  useEffect(() => dropZone(zone.current, setOver, take), [])
  const take = (file: File | null | undefined) => {
    if (!file) return
    void takeTable(file, file.name)
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
              void takeTable(new Blob([pasted]), 'pasted.csv')
              setPasted(null)
            }}
          >
            Use this table
          </Button>
        </div>
      )}
      {table.value && settings.value.columns && !awaitsFile.value && (
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
