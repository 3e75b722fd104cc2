// A small model, trained on batches that follow from the number of the step.
import {
  compile,
  grad,
  meanSquaredError,
  nn,
  type optim,
  parameter,
  type Tensor,
  uniform,
  zeros,
} from '../../src/index.ts'

export const numbersOf = async (tensors: Map<string, Tensor>): Promise<Map<string, number[]>> =>
  new Map(
    await Promise.all(
      [...tensors].map(async ([name, x]): Promise<[string, number[]]> => [name, [...(await x.data())]]),
    ),
  )

export const all = (model: nn.Layer): Map<string, Tensor> =>
  new Map([...model.namedParameters(), ...model.namedBuffers()])

/** A layer with a buffer that training moves. */
function counting(): nn.Layer {
  const seen = parameter(zeros([2]))
  return nn.layer({
    label: 'counting',
    buffers: { seen },
    forward: (x, { training }) => {
      if (training) seen.assign(seen.add(1))
      return x
    },
  })
}

/** Parameters of ragged sizes, and a buffer; drawn anew at each call. */
export const small = (): nn.Layer =>
  nn.sequential(nn.linear(3, 50, { initializer: 'heNormal' }), nn.tanh(), counting(), nn.linear(50, 2))

/** Trains on batches that follow from the number of the step. */
export async function train(
  model: nn.Layer,
  optimizer: optim.Optimizer,
  from: number,
  to: number,
): Promise<void> {
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = meanSquaredError(model(x, { training: true }), y)
    optimizer.step(grad(loss, [...optimizer.parameters]))
    return loss
  })
  for (let i = from; i < to; i++) {
    using x = uniform([7, 3], { seed: 2 * i })
    using y = uniform([7, 2], { seed: 2 * i + 1 })
    step(x, y).dispose()
  }
  await optimizer.parameters[0]?.engine.idle()
  step.dispose()
}
