// A small problem that no line solves, and a model for it.
import { data, nn } from '../../src/index.ts'

/** Rows of two features whose class is whether they have one sign. */
export function quadrants(count: number): { rows: number[][]; ids: Int32Array } {
  const rows = Array.from({ length: count }, (_, i) => [Math.sin(12.9898 * i), Math.cos(78.233 * i)])
  return { rows, ids: Int32Array.from(rows, ([a = 0, b = 0]) => (a * b > 0 ? 1 : 0)) }
}

/** A set of them. */
export const sets = (count = 100): data.Dataset => {
  const { rows, ids } = quadrants(count)
  return data.dataset(rows, ids)
}

/** A model whose first weights depend on nothing but the call's order. */
export const small = (outputs = 2): nn.Layer => nn.mlp([2, 8, outputs], { activation: 'tanh' })
