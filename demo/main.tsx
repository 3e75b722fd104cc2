// The first page: three cards that lead to the others.
import './home.css'
import { mount, PAGE_NAMES, PAGES, Shell } from './page/shell.tsx'
import { PICTURES } from './pictures.tsx'

mount(
  <Shell
    current="home"
    title="Neural networks, on your own GPU"
    lead="A tensor engine in this browser: it trains multilayer perceptrons by WebGPU, every kernel proven against a reference. Nothing is installed and nothing is sent."
  >
    <ul class="pages">
      {PAGE_NAMES.map(page => {
        const Picture = PICTURES[page]
        return (
          <li key={page} class="card">
            <Picture />
            <h2>
              <a href={`./${page}/`}>{PAGES[page].title}</a>
            </h2>
            <p class="muted">{PAGES[page].says}</p>
          </li>
        )
      })}
    </ul>
  </Shell>,
)
