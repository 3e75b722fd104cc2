// The benchmark page: boxes to choose workloads, a table that fills as they are measured, and the results as JSON.
import { version } from '../../package.json'
import type { AdapterPeak } from '../race/peak.ts'
import type { RaceResult } from '../race/race.ts'
import { describeWorkload, findWorkloads, type Workload, workloads } from '../race/workloads.ts'
import { short, speedOf } from '../report/table.ts'
import { measureAlone } from '../solo.ts'

const REPETITIONS = 5

function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`internal: the page has no ${id}`)
  return found
}

const status = element('status', HTMLElement)
const rows = element('rows', HTMLElement)
const json = element('json', HTMLTextAreaElement)
const runButton = element('run', HTMLButtonElement)
const copyButton = element('copy', HTMLButtonElement)

const boxes = workloads.map(workload => {
  const box = document.createElement('input')
  box.type = 'checkbox'
  box.checked = true
  box.value = workload.name
  const label = document.createElement('label')
  label.append(box, ` ${title(workload)}`)
  element('workloads', HTMLElement).append(label)
  return box
})

function title(workload: Workload): string {
  const description = describeWorkload(workload)
  return workload.kind === 'training' ? `${workload.name}: ${description}` : description
}

function row(cells: readonly string[], className = ''): void {
  const line = document.createElement('tr')
  for (const text of cells) {
    const cell = document.createElement('td')
    cell.textContent = text
    line.append(cell)
  }
  const last = line.lastElementChild
  if (last instanceof HTMLTableCellElement && className) {
    last.className = className
    last.colSpan = 6
  }
  rows.append(line)
}

function showResult({ workload: name, times }: RaceResult, peak: AdapterPeak): void {
  const time = times.retrograd
  const [workload] = findWorkloads(name)
  if (!time || !workload) return
  const { median, low, high } = time.milliseconds
  const { text, share } = speedOf(name, median, peak)
  const percent = `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`
  row([
    title(workload),
    short(median),
    short(low),
    short(high),
    short(time.mainThreadMilliseconds),
    text,
    percent,
  ])
}

async function run(): Promise<void> {
  const chosen = boxes.filter(box => box.checked).flatMap(box => findWorkloads(box.value))
  rows.replaceChildren()
  json.value = ''
  status.textContent = 'Starting…'
  if (!navigator.gpu)
    throw new Error('This browser has no WebGPU here: use another, over https or on localhost.')
  const results = await measureAlone({
    gpu: navigator.gpu,
    workloads: chosen,
    repetitions: REPETITIONS,
    versions: { retrograd: version },
    onStart: ({ adapter, peak }) => {
      const kind = adapter.isFallback ? ', a software adapter' : ''
      status.textContent = `${adapter.description}${kind}: ${short(peak.gigaflopsPerSecond)} GFLOP/s and ${short(peak.gigabytesPerSecond)} GB/s at most.`
    },
    onResult: showResult,
    onSkip: (workload, reason) => row([title(workload), `skipped: ${reason}`], 'skipped'),
    onFailure: (workload, message) => row([title(workload), message], 'failed'),
  })
  json.value = JSON.stringify(
    { page: 'bench/index.html', userAgent: navigator.userAgent, ...results },
    null,
    1,
  )
  copyButton.disabled = false
  status.textContent += ` Done in ${results.seconds} s.`
}

runButton.addEventListener('click', () => {
  runButton.disabled = true
  run()
    .catch((error: unknown) => {
      status.textContent = error instanceof Error ? error.message : String(error)
    })
    .finally(() => {
      runButton.disabled = false
    })
})
copyButton.addEventListener('click', () => void navigator.clipboard.writeText(json.value))
