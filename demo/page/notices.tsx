// What the page tells of itself: banners that stay while something is so, and errors, in a region that is read aloud.
import { signal } from '@preact/signals'
import { Button } from './controls.tsx'
import { type BackendChoice, type Notice, whyNoGpu } from './gpu.ts'

/** Banners by what they are about: a new one replaces the old. */
const banners = signal<ReadonlyMap<string, Notice>>(new Map())

/** Shows a banner about `subject` ('gpu', 'data', …), or takes it away (null). */
export function setNotice(subject: string, notice: Notice | null): void {
  const next = new Map(banners.value)
  if (notice) next.set(subject, notice)
  else next.delete(subject)
  banners.value = next
}

interface Problem {
  readonly id: number
  readonly text: string
}

const problems = signal<readonly Problem[]>([])
let nextProblem = 1

/** More would push the page out of sight. */
const MOST_PROBLEMS = 3

/** Shows an error, or words, until the visitor dismisses them. The same text is shown once. */
export function tellProblem(problem: unknown): void {
  const text = wordsOf(problem)
  const others = problems.value.filter(other => other.text !== text)
  problems.value = [...others, { id: nextProblem++, text }].slice(-MOST_PROBLEMS)
}

/** Takes the errors away, before something is tried anew. */
export function clearProblems(): void {
  problems.value = []
}

/** An error's message, the library's leading [place] left out: it names functions, not controls. */
export function wordsOf(problem: unknown): string {
  const text = problem instanceof Error ? problem.message : String(problem)
  return text.replace(/^\[[^\]]*\]\s*/, '').replace(/^./, first => first.toUpperCase())
}

/** What workers should run on, found once, with the banner that says why where it is the CPU. */
export const pageBackend: Promise<BackendChoice> = whyNoGpu().then(notice => {
  setNotice('gpu', notice)
  return notice ? 'cpu' : 'auto'
})

/** The regions of both; the shell has them. */
export function Notices() {
  return (
    <div class="notices">
      <div role="alert" class="problems">
        {problems.value.map(({ id, text }) => (
          <div key={id} class="notice error">
            <div class="notice-words">
              <p>{text}</p>
            </div>
            <Button
              onClick={() => {
                problems.value = problems.value.filter(problem => problem.id !== id)
              }}
            >
              Dismiss
            </Button>
          </div>
        ))}
      </div>
      <div role="status" class="banners">
        {[...banners.value].map(([subject, notice]) => (
          <Banner key={subject} {...notice} />
        ))}
      </div>
    </div>
  )
}

function Banner({ kind, title, text, action }: Notice) {
  return (
    <div class={`notice ${kind}`}>
      <div class="notice-words">
        <strong>{title}</strong>
        <p>{text}</p>
      </div>
      {action && (
        <Button kind="primary" onClick={action.run}>
          {action.label}
        </Button>
      )}
    </div>
  )
}
