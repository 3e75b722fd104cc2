// The health of a network, layer by layer as the graph counts them: what train.diagnose finds, put together.
import type { train } from 'retrograd'

export interface LayerHealth {
  readonly name: string
  /** Norm of the gradient of its weights and biases. */
  readonly gradient: number | null
  /** Norm of the optimizer's step over that of the weights. */
  readonly update: number | null
  /** Shares of its neurons, where its activation has such. */
  readonly saturated: number | null
  readonly dead: number | null
}

/** What the page shows of a diagnosis of a network that mlp made. */
export function healthOf({ layers, warnings }: train.Diagnosis) {
  const found: LayerHealth[] = []
  const told = layers.map(({ path, label, gradient, update, saturated, dead }) => {
    const last = found.at(-1)
    if (label.startsWith('linear(')) {
      const isLast = !layers.some(
        other => other.label.startsWith('linear(') && Number(other.path) > Number(path),
      )
      const name = isLast ? 'Output' : `Layer ${found.length + 1}`
      found.push({ name, gradient, update, saturated, dead })
    } else if (last)
      found[found.length - 1] = { ...last, saturated: last.saturated ?? saturated, dead: last.dead ?? dead }
    return { library: `layer ${path}, ${label}`, page: (found.at(-1)?.name ?? '').toLowerCase() }
  })
  const translated = (warning: string) =>
    told.reduce((text, { library, page }) => text.replace(library, page), warning)
  return { layers: found, warnings: warnings.map(translated) }
}
