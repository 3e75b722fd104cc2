// Index kernels: elements picked, placed or made by integer indices, which the kernel checks as it reads them.
import gatherWgsl from '../../shaders/index/gather.wgsl?raw'
import oneHotWgsl from '../../shaders/index/one_hot.wgsl?raw'
import scatterAddWgsl from '../../shaders/index/scatter_add.wgsl?raw'
import scatterAddSharedWgsl from '../../shaders/index/scatter_add_shared.wgsl?raw'
import spoiledFloatWgsl from '../../shaders/index/spoiled_float.wgsl?raw'
import spoiledIntegerWgsl from '../../shaders/index/spoiled_integer.wgsl?raw'
import { type DType, dtypes, isFloat } from '../dtype.ts'
import { must } from '../errors.ts'
import { type Kernel, type KernelSource, type ShaderFile, shader, WORKGROUP_SIZE } from '../kernel.ts'
import { sizeOf } from '../shape.ts'
import type { Spec } from '../tape.ts'
import { rowView } from './rows.ts'

export interface AxisAttributes {
  readonly axis: number
}

/** What an index out of range makes of an element: NaN, or 0 where there is none. */
export const spoiledValue = (dtype: DType): number => (isFloat(dtype) ? Number.NaN : 0)

/** Source of a kernel whose elements have a dtype; `vector` elements are handled as one. */
function indexed(skeleton: ShaderFile, dtype: DType, index: Spec | undefined, vector = 1): KernelSource {
  const { wgsl, compute } = dtypes[dtype]
  return {
    skeleton,
    fragments: [shader(isFloat(dtype) ? spoiledFloatWgsl : spoiledIntegerWgsl)],
    types: {
      Index: dtypes[must(index, 'indices').dtype].wgsl,
      Element: wgsl,
      Compute: compute,
      T: vector === 1 ? wgsl : `vec${vector}<${wgsl}>`,
    },
  }
}

const elementwise = (size: number) => ({
  overrides: { WORKGROUP_SIZE },
  workgroups: Math.ceil(size / WORKGROUP_SIZE),
})

/** x, indices → x with `axis` replaced by those of the indices. Variant `vector` moves four neighbours at once. */
export const gatherKernel: Kernel<AxisAttributes> = {
  variants: ['vector', 'scalar'],
  supports: ({ inputs: [x], attributes: { axis }, variant }) =>
    variant === 'scalar' || rowView(must(x, 'input').shape, axis).inner % 4 === 0,
  program({ inputs: [x, indices], outputs: [out], attributes: { axis }, variant }) {
    const { shape, dtype } = must(x, 'input')
    const vector = variant === 'vector' ? 4 : 1
    const { length, inner } = rowView(shape, axis)
    const size = sizeOf(must(out, 'output').shape) / vector
    return {
      dispatches: [
        {
          source: indexed(shader(gatherWgsl), dtype, indices, vector),
          bindings: [{ input: 0 }, { input: 1 }, { output: 0 }, { status: true }],
          params: { size, length, count: sizeOf(must(indices, 'indices').shape), inner: inner / vector },
          ...elementwise(size),
        },
      ],
    }
  },
}

/** Elements of `inner` from which on a workgroup has work for most of its threads. */
const WIDE = 16

/**
 * indices, updates → sums of the updates by place along `axis` of the output. Variant `thread` lets one thread sum an
 * element; `workgroup` lets the threads of a workgroup share the search through the indices.
 */
export const scatterAddKernel: Kernel<AxisAttributes> = {
  variants: ['thread', 'workgroup'],
  // Barriers cost a software rasteriser more than the search does.
  choose: ({ outputs: [out], attributes: { axis }, device }) =>
    rowView(must(out, 'output').shape, axis).inner >= WIDE && !device.isSoftware ? 'workgroup' : 'thread',
  program({ inputs: [indices], outputs: [out], attributes: { axis }, variant, device }) {
    const { shape, dtype } = must(out, 'output')
    const { outer, length, inner } = rowView(shape, axis)
    const count = sizeOf(must(indices, 'indices').shape)
    const bindings = [{ input: 0 }, { input: 1 }, { output: 0 }, { status: true }] as const
    if (variant === 'thread') {
      const size = sizeOf(shape)
      const source = indexed(shader(scatterAddWgsl), dtype, indices)
      return {
        dispatches: [{ source, bindings, params: { size, length, count, inner }, ...elementwise(size) }],
      }
    }
    // As wide as the work is, up to four times the usual.
    const most = Math.min(4 * WORKGROUP_SIZE, 2 ** Math.floor(Math.log2(device.maxInvocations)))
    const width = Math.max(count, inner) > WORKGROUP_SIZE ? most : WORKGROUP_SIZE
    const spans = Math.ceil(inner / width)
    const workgroups = outer * length * spans
    return {
      dispatches: [
        {
          source: indexed(shader(scatterAddSharedWgsl), dtype, indices),
          bindings,
          overrides: { WORKGROUP_SIZE: width },
          params: { workgroups, length, count, inner, spans },
          workgroups,
        },
      ],
    }
  },
}

/** labels → a row for each, with 1 at the label's place. */
export const oneHotKernel: Kernel = {
  variants: ['thread'],
  program({ inputs: [labels], outputs: [out] }) {
    const { shape, dtype } = must(out, 'output')
    const size = sizeOf(shape)
    return {
      dispatches: [
        {
          source: indexed(shader(oneHotWgsl), dtype, labels),
          bindings: [{ input: 0 }, { output: 0 }, { status: true }],
          params: { size, length: must(shape.at(-1), 'classes') },
          ...elementwise(size),
        },
      ],
    }
  },
}
