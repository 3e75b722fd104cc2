// The table that `summary` prints: one line a layer, and the sum of parameters.
import { columns } from '../text.ts'
import type { Layer } from './layer.ts'

/** A model's layers with their parameters' shapes and counts, and the sum. */
export function summarize(model: Layer): string {
  const rows: string[][] = []
  const seen = new Set<object>()
  let total = 0
  const visit = (layer: Layer, depth: number): void => {
    const inner = new Set(layer.layers.flatMap(part => part.parameters()))
    const own = [...layer.namedParameters()].filter(([, parameter]) => !inner.has(parameter))
    const fresh = own.filter(([, parameter]) => !seen.has(parameter))
    for (const [, parameter] of fresh) seen.add(parameter)
    const count = fresh.reduce((sum, [, { size }]) => sum + size, 0)
    total += count
    const shapes = own.map(([name, { shape }]) => `${name} [${shape.join(', ')}]`).join(', ')
    rows.push([
      `${'  '.repeat(depth)}${layer.label}`,
      shapes,
      layer.layers.length > 0 && own.length === 0 ? '' : count.toLocaleString('en'),
    ])
    for (const part of layer.layers) visit(part, depth + 1)
  }
  visit(model, 0)
  const cells = [['layer', 'parameters', 'count'], ...rows, ['total', '', total.toLocaleString('en')]]
  const [head = '', ...lines] = columns(cells, [0, 1])
  const rule = '-'.repeat(head.length)
  return [head, rule, ...lines.slice(0, -1), rule, ...lines.slice(-1)].join('\n')
}
