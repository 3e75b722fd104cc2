// Arguments and results of compiled functions: trees of tensors, and what tells one call's tree from another's.
import { fail } from './errors.ts'
import { Tensor } from './tensor.ts'

/** Tensors are looked for in lists and plain objects alone: what might hide one is refused. */
function refuseOddObject(tree: object, what: string): void {
  if (Object.getPrototypeOf(tree) === Object.prototype) return
  const kind = tree.constructor?.name ?? 'an object without prototype'
  fail(
    'recording',
    'compile',
    `${what} is ${kind}, in which tensors are not looked for.`,
    'Pass and return tensors, lists and plain objects.',
  )
}

/** Refuses a result that hides what is in it. */
export function checkResult(tree: unknown): void {
  if (typeof tree !== 'object' || tree === null || tree instanceof Tensor) return
  if (Array.isArray(tree)) for (const item of tree) checkResult(item)
  else {
    refuseOddObject(tree, 'a result')
    for (const item of Object.values(tree)) checkResult(item)
  }
}

/** What distinguishes one plan from another: shapes and dtypes of tensors, and every other argument. */
export function signature(tree: unknown, around: readonly unknown[] = []): string {
  if (tree instanceof Tensor) return `${tree.dtype}[${tree.shape}]`
  if (around.includes(tree)) fail('recording', 'compile', 'an argument contains itself.', 'Pass a tree.')
  const within = [...around, tree]
  if (Array.isArray(tree)) return `[${tree.map(item => signature(item, within)).join(',')}]`
  if (typeof tree === 'object' && tree !== null) {
    refuseOddObject(tree, 'an argument')
    return `{${Object.entries(tree)
      .map(([key, value]) => `${JSON.stringify(key)}:${signature(value, within)}`)
      .join(',')}}`
  }
  if (typeof tree === 'bigint') return `${tree}n`
  if (Object.is(tree, -0)) return '-0'
  if (typeof tree === 'function' || typeof tree === 'symbol') {
    fail('recording', 'compile', `an argument is a ${typeof tree}.`, 'Close over it instead of passing it.')
  }
  return typeof tree === 'string' ? JSON.stringify(tree) : String(tree)
}
