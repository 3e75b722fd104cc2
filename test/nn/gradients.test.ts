// The gradient of a network that uses every layer type, in double precision against finite differences.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  detach,
  type Engine,
  init,
  mean,
  mul,
  nn,
  normal,
  parameter,
  square,
  uniform,
} from '../../src/index.ts'
import { checkModel } from './gradient_check.ts'

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64', seed: 3 })
})
afterAll(() => engine.dispose())

/** Every layer there is. Those that pass no gradient, or only some, have a way around. */
function everyLayer(): nn.Layer {
  const first = nn.linear(6, 8, { initializer: 'orthogonal' })
  const own = parameter(uniform([8], { low: 0.5, high: 1.5, seed: 4 }))
  const flat = ['step', 'sign', 'relu', 'leakyRelu']
  const units = Object.entries(nn.activations).map(([name, make]) =>
    flat.includes(name) ? nn.residual(make()) : make(),
  )
  const [half, rest] = [units.slice(0, 7), units.slice(7)]
  return nn.sequential(
    nn.flatten(),
    first,
    nn.batchNorm(8),
    ...half,
    nn.residual(nn.sequential(nn.linear(8, 8, { initializer: 'lecunNormal' }), nn.layerNorm(8), nn.gelu())),
    nn.dropout(0.25),
    nn.layer({ label: 'own', parameters: { own }, forward: x => x.mul(own) }),
    nn.linear(8, 8, { bias: false, initializer: 'heUniform' }),
    nn.layerNorm(8),
    ...rest,
    nn.residual(nn.clip({ min: -2, max: 0.5 })),
    nn.tied(first),
    nn.mlp([6, 5, 5, 3], { activation: ['tanh', 'softplus'], batchNorm: true, dropout: 0.1 }),
  )
}

const labelsOf = (model: nn.Layer): string[] => [model.label, ...model.layers.flatMap(labelsOf)]

describe('a network of every layer type', () => {
  it('leaves none out', () => {
    const used = new Set(labelsOf(everyLayer()).map(label => label.replace(/\(.*/, '')))
    const known = [
      ...Object.keys(nn.activations),
      ...['clip', 'linear', 'tied', 'dropout', 'flatten', 'sequential', 'residual', 'batchNorm', 'layerNorm'],
    ]
    expect(known.filter(name => !used.has(name))).toEqual([])
  })

  it.each([true, false])('agrees with differences, training: %s', async training => {
    const model = everyLayer()
    const x = normal([7, 2, 3], { seed: 9 })
    const target = normal([7, 3], { seed: 10 })
    const before = await Promise.all(model.buffers().map(async buffer => [...(await buffer.data())]))
    const found = await checkModel(engine, model, () => mean(square(model(x, { training }).sub(target))))
    expect(found.failures).toEqual([])
    // Every parameter takes part: 21 of them.
    expect(model.parameters().length).toBe(21)
    expect(found.checks).toBeGreaterThan(200)
    expect(await Promise.all(model.buffers().map(async buffer => [...(await buffer.data())]))).toEqual(before)
  })

  it('fails, and names the parameter, where a layer’s gradient is wrong', async () => {
    const gain = parameter(uniform([3], { seed: 1 }))
    const wrong = nn.layer({
      label: 'wrong',
      parameters: { gain },
      // gain² whose slope is taken for gain.
      forward: x => mul(x, mul(gain, detach(gain))),
    })
    const model = nn.sequential(nn.linear(3, 3), wrong)
    const x = normal([4, 3], { seed: 2 })
    const { failures } = await checkModel(engine, model, () => mean(square(model(x))))
    expect(new Set(failures.map(({ name }) => name))).toEqual(new Set(['1.gain']))
    for (const { expected, actual } of failures) expect(expected / actual).toBeCloseTo(2, 6)
  })
})
