// What the page knows, and what its buttons do: verify, stop, go on, time, break a kernel on purpose.
import { computed, type Signal, signal } from '@preact/signals'
import { proxy } from 'comlink'
import { lostGpu } from '../page/gpu.ts'
import { clearProblems, pageBackend, setNotice, tellProblem } from '../page/notices.tsx'
import { gpuLosses, isLostError, linkWorker, WorkerStopped } from '../page/worker.ts'
import type { AdapterPeak, BenchmarkRow, Machine, OpFacts, Proof } from './facts.ts'
import type { Prover } from './prover.ts'

/** An op and what has been found out about it. */
export interface Entry extends OpFacts {
  readonly proof: Signal<Proof | null>
  readonly times: Signal<readonly BenchmarkRow[] | null>
}

/** What is under way: the how manieth of how many, and on which case. */
export interface Work {
  readonly kind: 'verify' | 'time'
  readonly name: string
  readonly done: number
  readonly of: number
}

const link = linkWorker<Prover>(() => new Worker(new URL('./prover.ts', import.meta.url), { type: 'module' }))

/** Null until the engine has started. */
export const machine = signal<Machine | null>(null)
export const entries = signal<readonly Entry[]>([])
export const peak = signal<AdapterPeak | null>(null)
export const work = signal<Work | null>(null)
/** The sample that is being computed. */
export const currentCase = signal('')
/** Stop was pressed; the sample under way ends first. */
export const isStopping = signal(false)

/** Words of names. */
export const find = signal('')
/** A family, or '' for all. */
export const family = signal('')
/** The op whose kernel is broken on purpose, or ''. */
export const broken = signal('')

/** Takes what the address asks for. */
function readAddress(): void {
  const hash = new URLSearchParams(location.hash.slice(1))
  find.value = hash.get('find') ?? ''
  family.value = hash.get('family') ?? ''
  broken.value = hash.get('break') ?? ''
}

readAddress()
addEventListener('hashchange', () => {
  const before = broken.value
  readAddress()
  clearProblems()
  if (entries.value.length > 0) heedAddress()
  if (broken.value !== before) breakKernel(broken.value)
})

/** The ops that were asked for. */
export const chosen = computed(() => {
  const words = find.value
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
  return entries.value.filter(
    entry =>
      (family.value === '' || entry.family === family.value) &&
      (words.length === 0 || words.some(word => entry.name.toLowerCase().includes(word))),
  )
})
export const left = computed(() => chosen.value.filter(entry => entry.proof.value === null))
export const hasGpu = computed(() => machine.value?.backend === 'webgpu')

/** Sums over all ops. */
export const tally = computed(() => {
  const proofs = entries.value.flatMap(({ proof }) => proof.value ?? [])
  const sum = (of: (proof: Proof) => number) => proofs.reduce((total, proof) => total + of(proof), 0)
  return {
    ops: entries.value.length,
    kernels: entries.value.filter(({ variants }) => variants.length > 0).length,
    variants: entries.value.reduce((total, { variants }) => total + variants.length, 0),
    verified: proofs.length,
    wrong: proofs.filter(({ wrong }) => wrong > 0).length,
    cases: sum(({ cases }) => cases),
    gradients: sum(({ gradients }) => gradients),
    skipped: sum(({ skipped }) => skipped),
  }
})

/** Keeps what was asked for in the address, to be handed on. */
export function keepInAddress(): void {
  const wanted = { find: find.value.trim(), family: family.value, break: broken.value }
  const kept = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== ''))
  history.replaceState(null, '', kept.size > 0 ? `#${kept}` : location.pathname + location.search)
}

/** Starts the worker's engine; what was found before stays. */
export async function start(): Promise<void> {
  await guarded(async () => {
    const backend = await pageBackend
    const losses = gpuLosses.value
    const started = await link.call(api => api.start({ backend, losses }, proxy(lost)))
    machine.value = started
    if (started.notice || backend === 'auto') setNotice('gpu', started.notice)
    if (entries.value.length === 0)
      entries.value = started.ops.map(op => ({ ...op, proof: signal(null), times: signal(null) }))
    heedAddress()
  })
}

/** An address may be of another version, or garbage: what it asks for in vain is told. */
function heedAddress(): void {
  if (family.value !== '' && !entries.value.some(entry => entry.family === family.value)) {
    tellProblem(
      `The address asks for the family “${family.value.slice(0, 40)}”, which there is not. All are shown.`,
    )
    family.value = ''
  }
  if (broken.value !== '' && !entries.value.some(({ name, canBreak }) => canBreak && name === broken.value)) {
    tellProblem(
      `The address asks to break “${broken.value.slice(0, 40)}”, which is no kernel. None is broken.`,
    )
    broken.value = ''
  }
}

/** Verifies those that were chosen and are left; if none is left, all chosen anew. */
export async function verifyChosen(): Promise<void> {
  if (left.value.length === 0) for (const { proof } of chosen.value) proof.value = null
  await each('verify', left.value, async ({ name, proof }) => {
    const isBroken = broken.value === name
    const onCase = proxy((words: string) => {
      currentCase.value = words
    })
    const found = await link.call(api => api.prove(name, isBroken, onCase))
    if (found) proof.value = found
  })
}

/** Measures what the GPU can do at most, then times those that were chosen. */
export async function timeChosen(): Promise<void> {
  const timed = chosen.value.filter(({ isTimed }) => isTimed)
  const rest = timed.filter(({ times }) => times.value === null)
  if (rest.length === 0) for (const { times } of timed) times.value = null
  await each('time', rest.length > 0 ? rest : timed, async ({ name, times }) => {
    if (!peak.value) {
      currentCase.value = 'measuring what the GPU can do at most'
      peak.value = await link.call(api => api.peak())
      if (isStopping.value) return
    }
    currentCase.value = ''
    const rows = await link.call(api => api.time(name))
    if (rows) times.value = rows
  })
}

/** Ends what is under way, after the sample it is at. */
export function stop(): void {
  isStopping.value = true
  void link.call(api => api.stop()).catch(() => {})
}

/** Breaks the kernel of an op on purpose, or mends it (''). */
export function breakKernel(name: string): void {
  for (const entry of entries.value)
    if (entry.name === name || entry.proof.value?.isBroken) entry.proof.value = null
  broken.value = name
  keepInAddress()
}

async function each(
  kind: Work['kind'],
  list: readonly Entry[],
  run: (entry: Entry) => Promise<void>,
): Promise<void> {
  if (work.value || list.length === 0) return // a double click
  clearProblems()
  isStopping.value = false
  for (const [done, entry] of list.entries()) {
    if (isStopping.value) break
    work.value = { kind, name: entry.name, done, of: list.length }
    const goesOn = await guarded(() => run(entry), kind === 'time')
    if (!goesOn) break
  }
  work.value = null
  isStopping.value = false
  currentCase.value = ''
}

/** Runs, and tells what goes wrong. Whether to go on: where `isOwn`, an error is this op's own. */
async function guarded(run: () => Promise<void>, isOwn = false): Promise<boolean> {
  try {
    await run()
    return true
  } catch (error) {
    if (error instanceof WorkerStopped) return false
    if (isLostError(error)) {
      lost()
      return false
    }
    tellProblem(error)
    return isOwn
  }
}

/** The GPU went away: told twice, by the worker's watch and by the call under way. */
function lost(): void {
  if (!machine.value) return
  machine.value = null
  gpuLosses.value++
  link.stop()
  const kind = work.value?.kind
  const notice = lostGpu('What was found so far is kept.', 'Go on', async () => {
    setNotice('gpu', null) // a second click finds nothing to press
    await start()
    if (!machine.value) setNotice('gpu', notice) // to be tried again
    if (!hasGpu.value) return
    if (kind === 'verify') await verifyChosen()
    if (kind === 'time') await timeChosen()
  })
  setNotice('gpu', notice)
}
