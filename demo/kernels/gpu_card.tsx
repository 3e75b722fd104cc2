// The card: what the GPU is, and all that was found, to be copied into an issue or kept.
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Button } from '../page/controls.tsx'
import { copyText, download } from '../page/download.ts'
import { tellProblem } from '../page/notices.tsx'
import { Card } from '../page/shell.tsx'
import { asJson, asMarkdown, type Findings, nameOf } from './report.ts'
import { entries, machine, peak } from './state.ts'

const copied = signal('')
/** A text that the browser did not let the page copy. */
const uncopied = signal<string | null>(null)

function findings(): Findings | null {
  const found = theMachine()
  if (!found) return null
  return {
    backend: found.backend,
    adapter: found.adapter,
    peak: peak.value,
    userAgent: navigator.userAgent,
    date: new Date(),
    ops: entries.value.map(({ proof, times, ...facts }) => ({
      ...facts,
      proof: proof.value,
      times: times.value,
    })),
  }
}

/** The machine with the GPU that results are of, even if it went away since. */
let last = machine.value
machine.subscribe(found => {
  if (found?.backend === 'webgpu') last = found
})
const theMachine = () => (machine.value?.backend === 'webgpu' ? machine.value : (last ?? machine.value))

async function copy(name: string, write: (findings: Findings) => string): Promise<void> {
  const found = findings()
  if (!found) return
  const text = write(found)
  copied.value = ''
  uncopied.value = null
  try {
    await copyText(text)
    copied.value = `Copied as ${name}.`
  } catch (error) {
    uncopied.value = text
    tellProblem(error)
  }
}

function save(): void {
  const found = findings()
  if (found)
    download(`kernels-${found.date.toISOString().slice(0, 10)}.json`, asJson(found), 'application/json')
}

export function GpuCard() {
  const found = theMachine()
  const isReady = found !== null
  const adapter = found?.backend === 'webgpu' ? found.adapter : null
  return (
    <Card
      title="Your GPU"
      hint="What the browser tells of the graphics card. Copied, it has every result below too: paste it into an issue."
      actions={
        <>
          <Button disabled={!isReady} onClick={() => void copy('Markdown', asMarkdown)}>
            Copy as Markdown
          </Button>
          <Button disabled={!isReady} onClick={() => void copy('JSON', asJson)}>
            Copy as JSON
          </Button>
          <Button disabled={!isReady} onClick={save}>
            Download JSON
          </Button>
        </>
      }
    >
      <div class="stack">
        <p role="status" class="good copied">
          {copied.value}
        </p>
        {uncopied.value !== null && <Uncopied text={uncopied.value} />}
        {adapter ? (
          <dl class="facts">
            <dt>Adapter</dt>
            <dd>{nameOf(adapter)}</dd>
            <dt>Features</dt>
            <dd>{adapter.features.join(', ') || 'none'}</dd>
          </dl>
        ) : (
          <p class="muted">{isReady ? 'There is none for this page.' : 'Starting …'}</p>
        )}
        {adapter && Object.keys(adapter.limits).length > 0 && (
          <details>
            <summary>{Object.keys(adapter.limits).length} limits</summary>
            <dl class="facts limits">
              {Object.entries(adapter.limits).map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value.toLocaleString('en')}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </div>
    </Card>
  )
}

/** The text, selected, for the visitor to copy. */
function Uncopied({ text }: { text: string }) {
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    area.current?.focus()
    area.current?.select()
  }, [text])
  return (
    <textarea ref={area} class="uncopied" readOnly rows={10} aria-label="The card as text" value={text} />
  )
}
