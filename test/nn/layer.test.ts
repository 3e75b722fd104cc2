// Layers as values: names of parameters and buffers, layers of one's own, and what observers are told.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  compile,
  type Engine,
  grad,
  init,
  mean,
  mul,
  nn,
  ones,
  optim,
  parameter,
  square,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts'

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 5 })
})
afterAll(() => engine.dispose())

const counting = (): nn.Layer =>
  nn.layer({
    label: 'counting',
    parameters: { gain: parameter(ones([1])) },
    buffers: { calls: parameter(zeros([])) },
    forward: x => x,
  })

describe('a layer of one’s own', () => {
  // As in the documentation of `layer`.
  const gain = (n: number) => {
    const weight = parameter(ones([n]))
    return nn.layer({ label: `gain(${n})`, parameters: { weight }, forward: x => x.mul(weight) })
  }

  it('is called, trained, named and summed up like any other', async () => {
    const model = nn.sequential(nn.linear(2, 3), gain(3), nn.tanh())
    expect([...model.namedParameters().keys()]).toEqual(['0.weight', '0.bias', '1.weight'])
    expect(model.summary()).toContain('  1 gain(3)       [*, 3]  weight [3]                   3')
    const optimizer = optim.sgd(model.parameters(), { learningRate: 0.5 })
    const x = ones([4, 2])
    const loss = compile(() => {
      const now = mean(square(model(x)))
      optimizer.step(grad(now, model.parameters()))
      return now
    })
    const [first = 0, ...rest] = await Promise.all(Array.from({ length: 20 }, () => loss().item()))
    expect(first).toBeGreaterThan(0)
    expect(rest.at(-1)).toBeLessThan(first / 2)
    loss.dispose()
  })

  it('is told what training is, and may make layers of layers', async () => {
    const seen: boolean[] = []
    const inner = nn.layer({
      label: 'inner',
      forward: (x, { training }) => {
        seen.push(training)
        return x
      },
    })
    const twice = nn.layer({
      label: 'twice',
      layers: [inner],
      forward: (x, options) => inner(inner(x, options)),
    })
    twice(ones([1]), { training: true })
    expect(seen).toEqual([true, false])
  })

  it('is refused with what is wrong', () => {
    const made = (parts: object) => nn.layer({ label: 'mine', forward: (x: Tensor) => x, ...parts })
    expect(() => made({ forward: 3 })).toThrow('[layer] forward must be a function, not 3.')
    expect(() => made({ parameters: { w: ones([1]) } })).toThrow('[mine] w is Tensor, not a parameter.')
    expect(() => made({ buffers: { m: 1 } })).toThrow('[mine] m is 1, not a parameter.')
    const w = parameter(ones([1]))
    expect(() => made({ parameters: { w }, buffers: { w } })).toThrow('both called w')
    expect(() => made({ layers: [1] })).toThrow('[mine] item 0 is 1, not a layer.')
    expect(() => made({ forward: () => undefined })(ones([1]))).toThrow(
      "[mine] forward's result must be a tensor, not undefined.",
    )
  })
})

describe('buffers', () => {
  it('are named by their place, and are no parameters', () => {
    const inner = counting()
    const model = nn.sequential(nn.linear(2, 3), nn.sequential(nn.relu(), inner))
    expect([...model.namedBuffers().keys()]).toEqual(['1.1.calls'])
    expect(model.buffers()).toEqual(inner.buffers())
    expect([...model.namedParameters().keys()]).toEqual(['0.weight', '0.bias', '1.1.gain'])
  })

  it('are listed once when two places share a layer', () => {
    const inner = counting()
    const model = nn.sequential(inner, inner)
    expect([...model.namedBuffers().keys()]).toEqual(['0.calls', '1.calls'])
    expect(model.buffers()).toHaveLength(1)
    expect(model.parameters()).toHaveLength(1)
  })
})

describe('observeLayers', () => {
  const told = (model: nn.Layer, x: Tensor): string[] => {
    const events: string[] = []
    nn.observeLayers(
      ({ path, layer, input, output, when }) =>
        events.push(`${when} '${path}' ${layer.label} ${input.shape} ${output?.shape ?? ''}`.trim()),
      () => model(x),
    )
    return events
  }

  it('tells of each call with its path, as in the names of parameters', () => {
    const model = nn.sequential(nn.linear(2, 3), nn.sequential(nn.tanh(), nn.linear(3, 1)))
    expect(told(model, ones([4, 2]))).toEqual([
      "enter '' sequential 4,2",
      "enter '0' linear(2, 3) 4,2",
      "leave '0' linear(2, 3) 4,2 4,3",
      "enter '1' sequential 4,3",
      "enter '1.0' tanh() 4,3",
      "leave '1.0' tanh() 4,3 4,3",
      "enter '1.1' linear(3, 1) 4,3",
      "leave '1.1' linear(3, 1) 4,3 4,1",
      "leave '1' sequential 4,3 4,1",
      "leave '' sequential 4,2 4,1",
    ])
  })

  it('tells the places of a layer that is listed twice apart', () => {
    const act = nn.tanh()
    const paths = told(nn.sequential(act, nn.relu(), act), ones([1])).filter(line => line.startsWith('enter'))
    expect(paths.map(line => line.split("'")[1])).toEqual(['', '0', '1', '2'])
  })

  it('ends with its body, also when that throws', () => {
    const events: nn.LayerEvent[] = []
    const model = nn.linear(2, 3)
    expect(() =>
      nn.observeLayers(
        event => events.push(event),
        () => model(ones([4, 5])),
      ),
    ).toThrow('[linear]')
    expect(events.map(({ when }) => when)).toEqual(['enter'])
    model(ones([4, 2]))
    expect(events).toHaveLength(1)
  })

  it('computes along in a recording what the observer makes of outputs', async () => {
    const model = nn.sequential(nn.identity(), nn.relu())
    const step = compile((x: Tensor) => {
      const seen: Tensor[] = []
      const y = nn.observeLayers(
        ({ output, path }) => {
          if (output && path !== '') seen.push(mul(output, 2))
        },
        () => model(x),
      )
      return { y, seen }
    })
    const { seen } = step(tensor([-1, 3]))
    expect(await Promise.all(seen.map(async one => [...(await one.data())]))).toEqual([
      [-2, 6],
      [0, 6],
    ])
    step.dispose()
  })
})
