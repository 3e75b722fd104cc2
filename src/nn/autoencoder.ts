// The autoencoder: a network that gives back what it was given, by way of a code.
import { boolean, oneOf, parseOptions } from '../options.ts'
import { at } from '../shape.ts'
import { type ActivationName, activations } from './activations.ts'
import type { Initializer, InitializerName } from './initializers.ts'
import { checkSizes, type Layer } from './layer.ts'
import { linear, sequential, tied } from './layers.ts'

/** Options of `autoencoder`. */
export interface AutoencoderOptions {
  /** Of all hidden layers, the code among them. Default 'relu'. */
  activation?: ActivationName
  /** Whether the decoder computes with the encoder's weights, transposed. Default false. */
  tied?: boolean
  /** How the weights start. Default 'glorotUniform'. */
  initializer?: InitializerName | Initializer
}

/** A model that gives its input back through a narrow layer. */
export interface Autoencoder extends Layer {
  /** [batch, inputs] to the code, [batch, last size]. */
  readonly encoder: Layer
  /** The code to [batch, inputs]: linear outputs, or logits where the loss is sigmoidCrossEntropy. */
  readonly decoder: Layer
}

/**
 * An autoencoder of the sizes from its inputs down to its code, which its decoder goes back: `autoencoder([784, 128, 16])`.
 * Its targets are its inputs, which a set without labels says; put dropout before it and it learns to undo noise:
 *
 *     const model = nn.autoencoder([784, 128, 16])
 *     await train.fit(nn.sequential(nn.dropout(0.2), model), { train: data.dataset(images) })
 *     const codes = train.predict(model.encoder, images)
 *
 * Throws `value` for fewer than two sizes, `option` for an unknown activation.
 */
export function autoencoder(sizes: readonly number[], options: AutoencoderOptions = {}): Autoencoder {
  const where = 'autoencoder'
  checkSizes(where, sizes)
  const { activation, initializer, ...checked } = parseOptions(where, options, {
    activation: oneOf(Object.keys(activations) as ActivationName[], 'relu'),
    tied: boolean(false),
    initializer: (value = 'glorotUniform') => value as InitializerName | Initializer,
  })
  const down = sizes.slice(1).map((outputs, i) => linear(at(sizes, i), outputs, { initializer }))
  const up = down.map((part, i) =>
    checked.tied ? tied(part) : linear(at(sizes, i + 1), at(sizes, i), { initializer }),
  )
  const unit = activations[activation]
  const encoder = sequential(...down.flatMap(part => [part, unit()]))
  const decoder = sequential(...up.reverse().flatMap((part, i) => (i === 0 ? [part] : [unit(), part])))
  return Object.assign(sequential(encoder, decoder), { encoder, decoder })
}
