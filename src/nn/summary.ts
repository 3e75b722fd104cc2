// The table that `summary` prints: one line a layer, and the sum of parameters.
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
  return table([['layer', 'parameters', 'count'], ...rows, ['total', '', total.toLocaleString('en')]])
}

/** Columns padded to their widest cell; the last is aligned right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2].map(column => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2))
  const [head = [], ...body] = rows
  return [line(head), rule, ...body.slice(0, -1).map(line), rule, ...body.slice(-1).map(line)].join('\n')
}
