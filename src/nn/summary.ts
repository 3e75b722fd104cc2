// The table that `summary` prints: a line a layer, with what it gives and holds, and the sums.
import { compile } from '../compile.ts'
import { zeros } from '../ops/create.ts'
import type { Shape } from '../shape.ts'
import type { Parameter } from '../tensor.ts'
import { columns } from '../text.ts'
import type { Layer, observeLayers } from './layer.ts'

/** Rows of the batch that shapes are read off. */
const ROWS = 7

/** A model's layers with their output shapes, parameters and buffers, and the sums. */
export function summarize(model: Layer, observe: typeof observeLayers): string {
  const rows: string[][] = []
  const seen = new Set<Parameter>()
  const shapes = outputShapes(model, observe)
  let [trained, untrained] = [0, 0]
  /** What a layer has beside its parts', as text, and how many numbers of it no layer before has. */
  const own = (layer: Layer, named: (of: Layer) => Map<string, Parameter>) => {
    const inner = new Set(layer.layers.flatMap(part => [...named(part).values()]))
    const mine = [...named(layer)].filter(([, item]) => !inner.has(item))
    const fresh = mine.flatMap(([, item]) => (seen.has(item) ? [] : [item]))
    for (const item of fresh) seen.add(item)
    return {
      text: mine.map(([name, { shape }]) => `${name} [${shape.join(', ')}]`).join(', '),
      count: fresh.reduce((sum, { size }) => sum + size, 0),
    }
  }
  const visit = (layer: Layer, path: string, depth: number): void => {
    const parameters = own(layer, one => one.namedParameters())
    const buffers = own(layer, one => one.namedBuffers())
    trained += parameters.count
    untrained += buffers.count
    const shape = shapes.get(path)?.map((length, axis) => (axis === 0 && length === ROWS ? '*' : length))
    rows.push([
      `${path && `${'  '.repeat(depth)}${path} `}${layer.label}`,
      shape ? `[${shape.join(', ')}]` : '',
      parameters.text,
      layer.layers.length > 0 && !parameters.text ? '' : parameters.count.toLocaleString('en'),
      buffers.text,
    ])
    layer.layers.forEach((part, i) => {
      visit(part, path ? `${path}.${i}` : `${i}`, depth + 1)
    })
  }
  visit(model, '', 0)
  const cells = [
    ['layer', 'output', 'parameters', 'count', untrained ? 'not trained' : ''],
    ...rows,
    ['total', '', '', trained.toLocaleString('en'), untrained ? untrained.toLocaleString('en') : ''],
  ]
  const lines = columns(cells, [0, 1, 2, 4])
  const rule = '-'.repeat(Math.max(...lines.map(line => line.length)))
  return [lines[0], rule, ...lines.slice(1, -1), rule, lines.at(-1)].join('\n')
}

/**
 * The shape of what each layer gives, by its path, of rows as wide as the first weight takes: recorded, and nothing is
 * computed. None where that does not go through: the model takes something else.
 */
function outputShapes(model: Layer, observe: typeof observeLayers): Map<string, Shape> {
  const all = model.parameters()
  const first = all.find(({ rank }) => rank > 1) ?? all.find(({ size }) => size > 1)
  const shapes = new Map<string, Shape>()
  if (!first) return shapes
  const { shape, engine } = first
  // A weight may stand the other way round, as that of a tied layer does.
  for (const width of shape) {
    const probe = compile(
      () =>
        observe(
          ({ path, output }) => output && shapes.set(path, output.shape),
          () => model(zeros([ROWS, width])),
        ),
      { engine },
    )
    try {
      probe.planned()
      break
    } catch {
      shapes.clear()
    } finally {
      probe.dispose()
    }
  }
  return shapes
}
