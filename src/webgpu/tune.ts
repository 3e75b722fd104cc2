// Which variant of a kernel runs: the one asked for, the one measured, the kernel's own choice for this adapter, or the first that can.
import { fail } from '../errors.ts'
import type { DeviceTraits, Kernel, KernelRequest } from '../kernel.ts'
import type { Node } from '../tape.ts'

/** What decides which variant is best: the kernel, the shapes and dtypes it reads, and its attributes. */
export function choiceKey({ op, inputs, attributes }: Node): string {
  const specs = inputs.map(({ shape, dtype }) => `${dtype}[${shape}]`)
  return [op.base ?? op.name, ...specs, JSON.stringify(attributes)].join(' ')
}

/** The request a kernel gets for a node, with its variant chosen. */
export function requestFor(
  node: Node,
  device: DeviceTraits,
  forced: ReadonlyMap<string, string>,
  tuned: ReadonlyMap<string, string>,
): KernelRequest {
  const { op, inputs, outputs, attributes } = node
  const base = { inputs, outputs, attributes, device }
  const wanted = forced.get(op.base ?? op.name)
  // A gradient may use the same op on shapes the variant cannot serve: there the kernel chooses as ever.
  if (wanted !== undefined && supports(op.kernel, { ...base, variant: wanted }))
    return { ...base, variant: wanted }
  const usable = usableVariants(node, device)
  const first =
    usable[0] ?? fail('unsupported', op.name, 'no kernel variant runs on this adapter for these shapes.')
  const measured = tuned.size > 0 && usable.length > 1 ? tuned.get(choiceKey(node)) : undefined
  if (measured !== undefined && usable.includes(measured)) return { ...base, variant: measured }
  const chosen = op.kernel.choose?.({ ...base, variant: first })
  return { ...base, variant: chosen !== undefined && usable.includes(chosen) ? chosen : first }
}

/** The variants that can serve a node on an adapter. */
export function usableVariants({ op, inputs, outputs, attributes }: Node, device: DeviceTraits): string[] {
  const base = { inputs, outputs, attributes, device }
  return op.kernel.variants.filter(variant => supports(op.kernel, { ...base, variant }))
}

/** Whether a kernel has a variant and it can serve the request. */
export function supports(kernel: Kernel, request: KernelRequest): boolean {
  return kernel.variants.includes(request.variant) && (kernel.supports?.(request) ?? true)
}
