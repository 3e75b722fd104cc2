// How busy a page keeps its main thread: what the Long Tasks API tells, and what work Chrome's own trace finds in its tasks.
import type { Page } from 'puppeteer'

interface Task {
  /** ms of the clock, and those in which the thread had a processor. */
  readonly lasted: number
  readonly worked: number
}

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly dur?: number // μs
  readonly tdur?: number // μs
  readonly args: { readonly name?: string }
}

/** Watches the page's main thread until the function given back is called, which gives its tasks, longest work first. */
export async function watchMainThread(page: Page): Promise<() => Promise<{ long: number[]; tasks: Task[] }>> {
  await page.evaluate(() => {
    const tasks: number[] = []
    Object.assign(globalThis, { tasks })
    new PerformanceObserver(list => {
      for (const { duration } of list.getEntries()) tasks.push(duration)
    }).observe({ type: 'longtask' })
  })
  await page.tracing.start({ categories: ['toplevel', 'devtools.timeline'] })
  return async () => {
    const bytes = await page.tracing.stop()
    const { traceEvents } = JSON.parse(new TextDecoder().decode(bytes)) as { traceEvents: TraceEvent[] }
    const isMain = ({ name, args }: TraceEvent) => name === 'thread_name' && args.name === 'CrRendererMain'
    // Chrome keeps other renderers ready; the page's is the one that has most to do.
    const [tasks = []] = traceEvents
      .filter(isMain)
      .map(({ pid, tid }) =>
        traceEvents
          .filter(event => event.name.endsWith('RunTask') && event.pid === pid && event.tid === tid)
          .map(({ dur = 0, tdur = 0 }) => ({ lasted: dur / 1000, worked: tdur / 1000 }))
          .sort((a, b) => b.worked - a.worked),
      )
      .sort((a, b) => b.length - a.length)
    const long = await page.evaluate(() => (globalThis as unknown as { tasks: number[] }).tasks)
    return { long, tasks }
  }
}

/** What was found, for the log of a test. */
export const inWords = (long: readonly number[], tasks: readonly Task[]): string =>
  `main thread: ${tasks.length} tasks, the longest ${tasks[0]?.worked.toFixed(1)} ms of work, ` +
  `${tasks.filter(({ worked }) => worked > 10).length} over 10 ms; ` +
  `Long Tasks API: ${long.length} over 50 ms (${long.map(Math.round).join(', ')})`
