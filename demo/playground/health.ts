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
  const count = layers.filter(({ kind }) => kind === 'linear').length
  const found: LayerHealth[] = []
  /** What the library calls a layer, and what the page does. */
  const names: [string, string][] = []
  for (const { path, label, kind, gradient, update, saturated, dead } of layers) {
    if (kind === 'linear') {
      const name = found.length === count - 1 ? 'Output' : `Layer ${found.length + 1}`
      found.push({ name, gradient, update, saturated, dead })
    }
    const own = found.pop()
    if (!own) continue
    found.push({ ...own, saturated: own.saturated ?? saturated, dead: own.dead ?? dead })
    names.push([`layer ${path}, ${label}`, own.name.toLowerCase()])
  }
  const translated = (warning: string) => names.reduce((text, [from, to]) => text.replace(from, to), warning)
  return { layers: found, warnings: warnings.map(translated) }
}
