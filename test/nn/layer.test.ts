// Layers as values: names of parameters and buffers, layers of one's own, and what observers are told.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  compile,
  type Engine,
  init,
  mul,
  nn,
  ones,
  parameter,
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
