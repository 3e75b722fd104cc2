// Points and models in the plane, made ready for charts.
import { type data, type nn, scope, sigmoid, slice, softmax, tensor, train } from 'retrograd'
import { colors, dots, type Grid, type Mark, type Point } from './chart.ts'

/** The probability of class 1 over the square from `low` to `high`, by a model of two inputs and one or two logits. */
export async function probabilityMap(model: nn.Layer, low: number, high: number, cells = 80): Promise<Grid> {
  const middle = (cell: number): number => low + ((cell + 0.5) * (high - low)) / cells
  const points = Array.from({ length: cells * cells }, (_, i) => [
    middle(i % cells),
    middle(Math.floor(i / cells)),
  ])
  using probabilities = scope(() => {
    const logits = train.predict(model, tensor(points))
    if (logits.shape[1] === 1) return sigmoid(logits)
    return slice(softmax(logits), { start: [0, 1], end: [points.length, 2] })
  })
  return { low, high, cells, values: await probabilities.data() }
}

/** The points of a set of two classes as dots of two colours. */
export async function classDots(set: data.Dataset, width = 3.2): Promise<Mark[]> {
  const values = await set.features.data()
  const ids = set.labelIds()
  const points = Array.from(set.rows, (row): Point => [values[2 * row] ?? 0, values[2 * row + 1] ?? 0])
  return [colors.blue, colors.orange].map((color, id) =>
    dots(
      points.filter((_, i) => ids[i] === id),
      { color, label: `class ${id}`, width },
    ),
  )
}
