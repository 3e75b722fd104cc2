// A region that scrolls, which the keyboard reaches.
import type { ComponentChildren } from 'preact'

/** A table too wide or too long for the page. By script, since the Tab key must stop here in every browser. */
export function Scroller({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <section
      ref={element => {
        if (element) element.tabIndex = 0
      }}
      class="scroller tall"
      aria-label={label}
    >
      {children}
    </section>
  )
}
