// How busy a page keeps its main thread: what the Long Tasks API tells, the frames it draws, and what work Chrome's trace finds.
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

interface Seen {
  /** ms of each task that the Long Tasks API told of. */
  readonly long: readonly number[]
  /** Longest work first. */
  readonly tasks: readonly Task[]
  /** Frames a second, on average. */
  readonly frameRate: number
}

/** Watches the page's main thread until the function given back is called. */
export async function watchMainThread(page: Page): Promise<() => Promise<Seen>> {
  await page.evaluate(() => {
    const long: number[] = []
    const frames: number[] = []
    Object.assign(globalThis, { watched: { long, frames } })
    new PerformanceObserver(list => {
      for (const { duration } of list.getEntries()) long.push(duration)
    }).observe({ type: 'longtask' })
    const count = (time: number) => {
      frames.push(time)
      requestAnimationFrame(count)
    }
    requestAnimationFrame(count)
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
    const seen = await page.evaluate(() => {
      const { watched } = globalThis as unknown as { watched: { long: number[]; frames: number[] } }
      const { long, frames } = watched
      const [first = 0, last = 0] = [frames[0], frames.at(-1)]
      return { long, frameRate: (1000 * (frames.length - 1)) / (last - first) }
    })
    return { ...seen, tasks }
  }
}

/** What was found, for the log of a test. */
export const inWords = ({ long, tasks, frameRate }: Seen): string =>
  `main thread: ${frameRate.toFixed(1)} frames a second; ${tasks.length} tasks, the longest ${tasks[0]?.worked.toFixed(1)} ms of work, ` +
  `${tasks.filter(({ worked }) => worked > 10).length} over 10 ms; ` +
  `Long Tasks API: ${long.length} over 50 ms (${long.map(Math.round).join(', ')})`
