// Hints: a few plain words on a control, shown on hover, keyboard focus, a tap on its sign or a long press, and read by screen readers.
import { signal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

interface Shown {
  readonly text: string
  readonly anchor: Element
}

const shown = signal<Shown | null>(null)
let timer: ReturnType<typeof setTimeout> | undefined

const SHOW_AFTER = 250 // ms, so that a pointer passing by raises nothing
const HIDE_AFTER = 150 // ms, in which the pointer may reach the bubble
const HELD_AFTER = 500 // ms, as browsers tell a long press from a tap

function later(next: Shown | null, delay: number): void {
  clearTimeout(timer)
  timer = setTimeout(() => {
    shown.value = next
  }, delay)
}

/** What a finger was held on to read its hint: the click that may follow presses nothing. */
let held: EventTarget | null = null

/** A finger was lifted: what it has brought up stays, to be read, until the next touch. */
function released(event: PointerEvent): void {
  if (event.pointerType !== 'touch') return
  held = shown.value?.anchor === event.currentTarget ? event.currentTarget : null
  if (!held) clearTimeout(timer)
}

/** Event handlers for an element whose hover and keyboard focus shall show a hint. Without `text`, none. */
export function hinted(text: string | undefined) {
  if (!text) return {}
  return {
    onPointerEnter: (event: PointerEvent) => {
      if (event.pointerType !== 'touch') later({ text, anchor: event.currentTarget as Element }, SHOW_AFTER)
    },
    onPointerLeave: (event: PointerEvent) => {
      if (event.pointerType !== 'touch') later(null, HIDE_AFTER)
    },
    onPointerDown: (event: PointerEvent) => {
      if (event.pointerType === 'touch') later({ text, anchor: event.currentTarget as Element }, HELD_AFTER)
    },
    onClickCapture: (event: MouseEvent) => {
      if (held !== event.currentTarget) return
      held = null
      event.preventDefault()
      event.stopImmediatePropagation()
    },
    onPointerUp: released,
    onPointerCancel: released, // a scroll
    onFocusIn: (event: FocusEvent) => {
      const isByKeyboard = (event.target as Element).matches(':focus-visible')
      if (isByKeyboard) later({ text, anchor: event.currentTarget as Element }, SHOW_AFTER)
    },
    onFocusOut: () => later(null, 0),
  }
}

/** A hint's words for screen readers, at the control that names it by `aria-describedby`: nowhere else are they read. */
export const HintText = ({ id, text }: { id: string; text: string }) => (
  <span id={id} hidden>
    {text}
  </span>
)

/** A question mark that shows a hint when tapped or clicked. `quiet` leaves it out of the order of the Tab key. */
export function Hint({ text, about, quiet = false }: { text: string; about: string; quiet?: boolean }) {
  const toggle = (event: MouseEvent) => {
    const anchor = event.currentTarget as Element
    const open = shown.value?.anchor === anchor
    clearTimeout(timer)
    shown.value = open ? null : { text, anchor }
  }
  return (
    <button
      type="button"
      class="hint-mark"
      tabIndex={quiet ? -1 : 0}
      aria-label={`About ${about}`}
      {...(quiet ? {} : hinted(text))}
      onClick={toggle}
      onBlur={() => later(null, HIDE_AFTER)}
    >
      ?
    </button>
  )
}

const GAP = 8 // px, to the anchor and to the window's edges

/** The one bubble that shows hints; the shell has it. */
export function HintBubble() {
  const bubble = useRef<HTMLDivElement>(null)
  const current = shown.value

  useLayoutEffect(() => {
    const element = bubble.current
    if (!element) return
    if (!current?.anchor.isConnected) {
      if (element.matches(':popover-open')) element.hidePopover()
      return
    }
    element.showPopover()
    const anchor = current.anchor.getBoundingClientRect()
    const { width, height } = element.getBoundingClientRect()
    const left = Math.max(GAP, Math.min(anchor.left, innerWidth - width - GAP))
    const above = anchor.top - height - GAP
    element.style.left = `${left}px`
    element.style.top = `${above >= GAP ? above : anchor.bottom + GAP}px`
  }, [current])

  useEffect(() => {
    const hide = () => later(null, 0)
    // Who types knows what the field is for. A hint's own sign has keys of its own.
    const onKey = ({ key, target }: KeyboardEvent) => {
      if (key === 'Escape' || !(target as Element).closest?.('.hint-mark')) hide()
    }
    const onTouch = (event: PointerEvent) => {
      held = null
      if (event.pointerType !== 'touch' || shown.value?.anchor.contains(event.target as Element)) return
      clearTimeout(timer)
      shown.value = null
    }
    document.addEventListener('keydown', onKey)
    document.addEventListener('pointerdown', onTouch, { capture: true })
    document.addEventListener('scroll', hide, { capture: true, passive: true })
    return () => {
      document.removeEventListener('keydown', onKey)
      document.removeEventListener('pointerdown', onTouch, { capture: true })
      document.removeEventListener('scroll', hide, { capture: true })
    }
  }, [])

  return (
    // Screen readers have the words at the control (aria-describedby); this is for eyes.
    <div
      ref={bubble}
      class="hint-bubble"
      popover="manual"
      aria-hidden="true"
      onPointerEnter={() => clearTimeout(timer)}
      onPointerLeave={() => later(null, HIDE_AFTER)}
    >
      {current?.text}
    </div>
  )
}
