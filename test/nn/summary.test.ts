// What summary prints: layers by their paths, what they give and hold, and the sums.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  compile,
  type Engine,
  gather,
  init,
  nn,
  normal,
  ones,
  parameter,
  type Tensor,
  zeros,
} from '../../src/index.ts'

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 7 })
})
afterAll(() => engine.dispose())

describe('summary', () => {
  const lines = (model: nn.Layer): string[] => model.summary().split('\n')

  it('tells buffers apart, names layers by their paths, and counts what two layers share once', () => {
    const first = nn.linear(4, 2)
    const inner = nn.sequential(nn.batchNorm(2), nn.relu())
    expect(lines(nn.sequential(first, nn.residual(inner), nn.tied(first)))).toEqual([
      'layer                     output  parameters               count  not trained',
      '----------------------------------------------------------------------------------------',
      'sequential                [*, 4]',
      '  0 linear(4, 2)          [*, 2]  weight [4, 2], bias [2]     10',
      '  1 residual              [*, 2]',
      '    1.0 sequential        [*, 2]',
      '      1.0.0 batchNorm(2)  [*, 2]  scale [2], offset [2]        4  mean [2], variance [2]',
      '      1.0.1 relu()        [*, 2]                               0',
      '  2 tied(2, 4)            [*, 4]  weight [4, 2], bias [4]      4',
      '----------------------------------------------------------------------------------------',
      'total                                                         18  4',
    ])
  })

  it('knows shapes that only a call can tell: of layers of one’s own, of norms alone, of a decoder alone', () => {
    const glu = nn.layer({
      label: 'halves()',
      forward: x => x.slice({ start: [0, 0], end: [x.shape[0] ?? 0, (x.shape[1] ?? 0) / 2] }),
    })
    const total = nn.layer({ label: 'total()', forward: x => x.sum() })
    const outputs = (model: nn.Layer): string[] =>
      lines(model).flatMap(line => /\) +(\[[^\]]*\])/.exec(line)?.[1] ?? [])
    expect(outputs(nn.sequential(nn.linear(3, 8), glu, total))).toEqual(['[*, 8]', '[*, 4]', '[]'])
    expect(outputs(nn.sequential(nn.layerNorm(5)))).toEqual(['[*, 5]'])
    expect(outputs(nn.autoencoder([6, 4, 2], { tied: true }).decoder)).toEqual(['[*, 4]', '[*, 4]', '[*, 6]'])
    expect(outputs(nn.sequential(nn.flatten(), nn.linear(4, 3)))).toEqual(['[*, 4]', '[*, 3]'])
  })

  it('leaves out shapes that cannot be told, and what it cannot call', () => {
    const row = (model: nn.Layer, i: number): string | undefined => lines(model)[i]
    expect(row(nn.tanh(), 2)).toBe('tanh()                          0')
    // A layer that takes ids, and layers that do not fit.
    const table = parameter(ones([9, 4]))
    const embedding = nn.layer({
      label: 'embedding()',
      parameters: { table },
      forward: x => gather(table, x),
    })
    expect(row(embedding, 2)).toBe('embedding()          table [9, 4]     36')
    expect(row(nn.sequential(nn.linear(4, 3), nn.linear(5, 3)), 3)).toBe(
      '  0 linear(4, 3)          weight [4, 3], bias [3]     15',
    )
    const model = nn.linear(2, 3)
    model.dispose()
    expect(row(model, 2)).toBe('linear(2, 3)          weight [2, 3], bias [3]      9')
  })

  it('computes nothing: memory, counters, buffers and random numbers stay as they are', async () => {
    const calls = parameter(zeros([]))
    const noise = nn.layer({
      label: 'noise()',
      buffers: { calls },
      forward: x => {
        calls.assign(calls.add(1))
        return x.add(normal(x.shape))
      },
    })
    const model = nn.sequential(nn.linear(2, 3), noise)
    await engine.idle()
    const before = [engine.memory(), engine.counters()]
    expect(model.summary()).toContain('  1 noise()       [*, 3]')
    expect([engine.memory(), engine.counters()]).toEqual(before)
    expect(await calls.item()).toBe(0)
    const drawn = (look: boolean) =>
      engine.withSeed(5, () => {
        if (look) model.summary()
        return normal([4])
      })
    expect(await drawn(true).data()).toEqual(await drawn(false).data())
  })

  it('leaves a recording around it as it is', async () => {
    const model = nn.linear(2, 3)
    const step = compile((x: Tensor) => {
      expect(model.summary()).toContain('weight [2, 3]')
      return model(x).sum()
    })
    expect(await step(zeros([4, 2])).item()).toBe(0)
  })
})
