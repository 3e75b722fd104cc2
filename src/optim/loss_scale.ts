// Dynamic loss scaling: small float16 gradients do not vanish, large ones skip a step, and nothing is read back for it.
import { type Engine, engineOr } from '../engine.ts'
import { fail, show } from '../errors.ts'
import { div, mul } from '../ops/binary.ts'
import { type CreateOptions, full } from '../ops/create.ts'
import { LEAST, type LossScaleAttributes, lossScaleUpdate } from '../ops/loss_scale.ts'
import { parameterFrom } from '../ops/parameter.ts'
import { all } from '../ops/reduce.ts'
import { checkTensor } from '../ops/signature.ts'
import { isFinite as areFinite } from '../ops/unary.ts'
import { integer, number, type OptionContext, optional, parseOptions } from '../options.ts'
import { keepResult, type Parameter, type Tensor } from '../tensor.ts'

/** The largest scale: a power of two within float32. */
const MOST = 2 ** 127

/** Options of `lossScale`. */
export interface LossScaleOptions {
  /** The first scale. Default 2¹⁶. */
  initial?: number
  /** Steps in a row with finite gradients after which the scale grows. Default 2000. */
  growthInterval?: number
  /** What it is multiplied with then, at least 1. Default 2. */
  growthFactor?: number
  /** What it is multiplied with after a gradient that is not finite, at most 1. Default 0.5. */
  backoffFactor?: number
  /** Default: the current engine. */
  engine?: Engine
}

/** A loss scale. Made by `lossScale`. */
export class LossScale {
  private isApplied = false
  private user: object | null = null

  /** Internal: `lossScale` makes them. */
  constructor(
    private readonly scale: Parameter,
    private readonly streak: Parameter,
    private readonly rule: LossScaleAttributes,
  ) {}

  /** The loss times the scale: what to take the gradient of. Throws `dtype` for any but a float32 loss. */
  apply(loss: Tensor): Tensor {
    checkTensor('lossScale', loss, 'the loss')
    if (loss.dtype !== 'float32')
      fail(
        'dtype',
        'lossScale',
        `the loss is ${loss.dtype}; it must be float32: a scaled float16 loss would overflow.`,
        "Compute it from cast(logits, 'float32').",
      )
    this.isApplied = true
    return mul(loss, this.scale)
  }

  /** The scale as of now. */
  value(): Promise<number> {
    return this.scale.item()
  }

  /** Its tensors by name: the scale, and the steps in a row with finite gradients. */
  state(): { readonly tensors: Readonly<Record<'scale' | 'streak', Parameter>> } {
    return { tensors: { scale: this.scale, streak: this.streak } }
  }

  /** Throws `value` when no loss has been scaled yet, or for a second optimizer: gradients are divided by one scale. Internal. */
  check(where: string, user: object): void {
    if (!this.isApplied)
      fail('value', where, 'no loss was scaled.', 'Write grad(scale.apply(loss), parameters).')
    if (this.user !== null && this.user !== user)
      fail('value', where, 'another optimizer steps with this scale.', 'Make one for each with lossScale().')
  }

  /**
   * Hands gradients of a scaled loss, unscaled anew at each reading, to an optimizer's update, with whether they are
   * finite; then moves on. Gives the latter. Internal.
   */
  step(user: object, gradient: Tensor, update: (read: () => Tensor, finite: Tensor) => void): Tensor {
    this.user = user
    return keepResult(() => {
      const finite = all(areFinite(gradient))
      update(() => div(gradient, this.scale), finite)
      lossScaleUpdate(this.scale, this.streak, finite, this.rule)
      return finite
    })
  }
}

/** An option that is a loss scale. Throws `option` for anything else. */
export function lossScaleOption(value: unknown, { where, name }: OptionContext): LossScale {
  if (value instanceof LossScale) return value
  return fail(
    'option',
    where,
    `${name} is ${show(value)}, not a loss scale.`,
    'Make one with optim.lossScale().',
  )
}

/**
 * A dynamic loss scale (Micikevicius et al. 2018, "Mixed Precision Training", with the defaults of PyTorch's GradScaler).
 * float16 ends at 65504 and loses what is below 6e-8: multiplied with the scale, small gradients stay above that.
 *
 *     const scale = optim.lossScale()
 *     const loss = softmaxCrossEntropy(cast(model(cast(x, 'float16')), 'float32'), y)
 *     optimizer.step(grad(scale.apply(loss), model.parameters()), { scale })
 *
 * Where a gradient is infinite or NaN the step is skipped and the scale backs off; after `growthInterval` steps in a row
 * without that it grows. Both happen on the GPU: no step waits for the host. The scale stays a normal float32.
 */
export function lossScale(options: LossScaleOptions = {}): LossScale {
  const { initial, engine, ...rule } = parseOptions('lossScale', options, {
    initial: number(2 ** 16, { min: LEAST, max: MOST }),
    growthInterval: integer(2000, { min: 1, max: 2 ** 32 - 1 }),
    growthFactor: number(2, { min: 1, max: MOST }),
    backoffFactor: number(0.5, { min: LEAST, max: 1 }),
    engine: optional(value => engineOr('lossScale', value)),
  })
  const place: CreateOptions = engine ? { engine } : {}
  const made = (value: number, dtype: 'float32' | 'uint32'): Parameter =>
    parameterFrom(full([], value, { dtype, ...place }))
  return new LossScale(made(initial, 'float32'), made(0, 'uint32'), rule)
}
