// Fusion of the watch for NaN: products tell as they store what would otherwise be read once more.
import { must } from '../errors.ts'
import type { Value } from '../tape.ts'
import { requestOf } from './chain.ts'
import { fusedNode, type Graph } from './graph.ts'

/**
 * Whether numbers are finite is told by the products that make them, as they store them, where products make all of them
 * and nothing else.
 */
export function watchAsStored(graph: Graph): void {
  for (const node of graph.each()) {
    const { watch } = node.op
    if (!watch) continue
    const [flag, numbers, substitute] = [watch.flag, watch.numbers, watch.substitute].map(i =>
      must(node.inputs[i], 'input'),
    ) as [Value, Value, Value]
    if (graph.escapes(flag, [node])) continue
    const layout = graph.producer(numbers)
    const parts = (layout?.op.layout ? layout.inputs : [numbers]).map(part => graph.origin(part))
    const products = [...new Set(parts.map(part => graph.producer(part)))]
    const watching = products.flatMap(product => {
      const kernel = product?.op.kernel.withWatch?.(requestOf(product, graph.device))
      if (!product || !kernel || !graph.mayWait(product, node)) return []
      // A compiler may take a float32 that was rounded to float16 for the number it was, which is finite yet.
      const isWatched = (output: Value): boolean => output.dtype === 'float32' && parts.includes(output)
      const fits = product.inputs.length + product.outputs.length < graph.device.maxStorageBuffers
      return fits && product.outputs.every(isWatched) ? [{ product, kernel }] : []
    })
    if (watching.length < products.length) continue
    for (const { product, kernel } of watching) {
      const { op, inputs, outputs } = product
      const name = `${op.name}+finite`
      graph.replace([product], fusedNode(product, [product], name, kernel, [...inputs, flag], outputs))
    }
    const inputs = node.inputs.with(watch.numbers, substitute)
    graph.replace([node], fusedNode(node, [], node.op.name, watch.kernel, inputs, node.outputs))
  }
}
