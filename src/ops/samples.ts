// Samples and tolerances that many entries share.
import type { Sample, SampleInput, Tolerance } from '../op.ts'
import type { Tensor } from '../tensor.ts'

/** 2⁻²³: the spacing of float32 at 1. */
export const ULP = 2 ** -23

/** An error of so many ULP, and a floor for results near 0. */
export const ulps =
  (count: number, absolute = 0): (() => Tolerance) =>
  () => ({ relative: count * ULP, absolute })

/** What most inputs are drawn from. */
export const draw = { low: -3, high: 3 }

/** What sets samples apart that finite differences do not serve, and why. */
export const tooLarge = { gradient: false, note: 'too large for finite differences' } as const
export const isSpecial = { gradient: false, note: 'special values have no finite differences' } as const

/** Shapes every elementwise op is proven on: a scalar, a size no workgroup divides, rank above 1, whole vectors, and one worth timing. */
export function elementwiseSamples(input: Omit<SampleInput, 'shape'>): Sample<[Tensor]>[] {
  return [
    { inputs: [{ shape: [], ...input }] },
    { inputs: [{ shape: [1], ...input }] },
    { inputs: [{ shape: [67], ...input }] },
    { inputs: [{ shape: [3, 5, 2], ...input }] },
    { inputs: [{ shape: [4, 8], ...input }] },
    { inputs: [{ shape: [0, 3], ...input }] },
    { inputs: [{ shape: [128, 1024], ...input }], benchmark: true, ...tooLarge },
  ]
}

/** NaN, infinities and zeros, which must go in and come out as IEEE says. */
export const special = (
  values: readonly number[] = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    1,
    -1,
    100,
    -100,
  ],
): Sample<[Tensor]> => ({
  inputs: [{ shape: [values.length], values }],
  ...isSpecial,
})
