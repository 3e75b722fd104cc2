// Which op was applied in which layer: a model's forward, and its gradient, told op by op.
import { type Layer, observeLayers } from '../nn/layer.ts'
import { type Node, traceOps } from '../tape.ts'

/** One application of an op. */
export interface Applied {
  readonly node: Node
  /** The layer it happened in, or the one whose gradient it serves: `layer 2, relu()`. Outside of all: `the loss`. */
  readonly place: string
  /** The op whose gradient it serves; null of the forward. */
  readonly served: Node | null
}

/** A layer in words, by its place in the model. */
export const layerName = ({ path, layer }: { path: string; layer: Pick<Layer, 'label'> }): string =>
  `${path === '' ? 'the model' : `layer ${path}`}, ${layer.label}`

/** Runs `body`, and tells of each op applied in it. */
export function traceModel<T>(observe: (applied: Applied) => void, body: () => T): T {
  const calls: string[] = []
  const places = new Map<Node, string>()
  return traceOps(
    (node, served) => {
      const place = (served && places.get(served)) ?? calls.at(-1) ?? 'the loss'
      places.set(node, place)
      observe({ node, place, served })
    },
    () =>
      observeLayers(event => {
        if (event.when === 'enter') calls.push(layerName(event))
        else calls.pop()
      }, body),
  )
}
