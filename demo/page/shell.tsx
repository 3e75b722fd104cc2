// The frame of every page: links to the pages, the choice of light or dark, banners and errors, and what makes a page start.
import './style.css'
import { Component, type ComponentChildren, render } from 'preact'
import { Hint, HintBubble } from './hint.tsx'
import { Notices, tellProblem, wordsOf } from './notices.tsx'
import { THEME_CHOICES, themeChoice } from './theme.ts'

/** The pages, by folder. */
export const PAGES = {
  playground: {
    title: 'Playground',
    says: 'Build a network, feed it your own data, and watch every neuron learn.',
  },
  digits: {
    title: 'Digits',
    says: 'Train a large network on handwritten digits, then draw one for it to read.',
  },
  kernels: {
    title: 'Kernels',
    says: 'Prove and measure every GPU kernel on your own graphics card.',
  },
} as const

export type PageName = keyof typeof PAGES

export const PAGE_NAMES = Object.keys(PAGES) as PageName[]

/** Where a page lies, seen from another. */
const pathTo = (page: PageName | 'home', from: PageName | 'home'): string =>
  `${from === 'home' ? './' : '../'}${page === 'home' ? '' : `${page}/`}`

/** Puts a page into the document; an error that nobody catches is told in the page. */
export function mount(page: ComponentChildren): void {
  addEventListener('error', event => {
    if (event.error) tellProblem(event.error) // else a browser's note, or the script of an extension
  })
  addEventListener('unhandledrejection', event => tellProblem(event.reason))
  render(page, document.body)
}

export function Shell({
  current,
  title,
  lead,
  children,
}: {
  current: PageName | 'home'
  title: string
  lead: string
  children: ComponentChildren
}) {
  return (
    <>
      {/* No link: the address is the page's, which keeps its settings there. */}
      <button type="button" class="skip" onClick={() => document.getElementById('content')?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <a
          class="wordmark"
          href={pathTo('home', current)}
          aria-current={current === 'home' ? 'page' : undefined}
        >
          <Mark />
          retrograd
        </a>
        <nav aria-label="Pages">
          {PAGE_NAMES.map(page => (
            <a key={page} href={pathTo(page, current)} aria-current={page === current ? 'page' : undefined}>
              {PAGES[page].title}
            </a>
          ))}
        </nav>
        <ThemeSwitch />
      </header>
      <main id="content" tabIndex={-1}>
        <div class="head">
          <h1>{title}</h1>
          <p class="lead">{lead}</p>
        </div>
        <Notices />
        <Guard>{children}</Guard>
      </main>
      <footer class="bottom">Everything runs on this device. Your data never leaves it.</footer>
      <HintBubble />
    </>
  )
}

/** The sign of the library: a value, and the way back through it. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 20 20" aria-hidden="true">
      <path d="M17 10H4m5-5-5 5 5 5" />
      <circle cx="16" cy="10" r="2.5" />
    </svg>
  )
}

function ThemeSwitch() {
  return (
    <fieldset class="switch">
      <legend class="unseen">Colours</legend>
      {THEME_CHOICES.map(choice => (
        <label key={choice}>
          <input
            type="radio"
            name="theme"
            value={choice}
            checked={themeChoice.value === choice}
            onChange={() => {
              themeChoice.value = choice
            }}
          />
          <span>{choice === 'system' ? 'Auto' : choice === 'light' ? 'Light' : 'Dark'}</span>
        </label>
      ))}
    </fieldset>
  )
}

/** Keeps the page alive when a part of it cannot be shown. */
class Guard extends Component<{ children: ComponentChildren }, { failure: unknown }> {
  override state = { failure: null as unknown }

  override componentDidCatch(failure: unknown): void {
    console.error(failure)
    this.setState({ failure })
  }

  override render() {
    const { failure } = this.state
    if (failure === null) return this.props.children
    return (
      <div class="notice error" role="alert">
        <div class="notice-words">
          <strong>This page cannot go on</strong>
          <p>{wordsOf(failure)}</p>
        </div>
        <button type="button" class="button primary" onClick={() => this.setState({ failure: null })}>
          Try again
        </button>
      </div>
    )
  }
}

/** A part of a page under a heading; `actions` stand at its right. */
export function Card({
  title,
  hint,
  actions,
  wide = false,
  children,
}: {
  title: string
  hint?: string
  actions?: ComponentChildren
  /** Takes the whole width of a `.grid`. */
  wide?: boolean
  children: ComponentChildren
}) {
  return (
    <section class={wide ? 'card wide' : 'card'} aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        {hint && <Hint text={hint} about={title} />}
        {actions && <div class="card-actions">{actions}</div>}
      </div>
      {children}
    </section>
  )
}

/** Key figures: `<Figures of={{ Epoch: '12', 'Test loss': '0.031' }} />`. */
export function Figures({ of }: { of: Readonly<Record<string, string>> }) {
  return (
    <dl class="figures">
      {Object.entries(of).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
