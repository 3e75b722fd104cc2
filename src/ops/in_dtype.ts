// A tensor in a dtype, cast where it has another.
import type { DType } from '../dtype.ts'
import type { Tensor } from '../tensor.ts'
import { cast } from './unary.ts'

/** x itself where it has that dtype. */
export const inDType = (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : cast(x, dtype))
