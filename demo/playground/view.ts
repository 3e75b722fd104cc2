// The network as it is seen: each neuron's activation over a grid and the weights between, computed on the engine in one go.
import {
  type Compiled,
  clip,
  compile,
  concat,
  mul,
  nn,
  type Parameter,
  reshape,
  slice,
  softmax,
  sub,
  type Tensor,
  tanh,
} from 'retrograd'
import { classColor, type PaletteTheme, paint } from '../page/palette.ts'
import { GRID, type Problem } from './problem.ts'
import type { Settings } from './settings.ts'

/** Neurons of a layer that are drawn: the first ones. */
export const MOST_DRAWN = 12

/** Pixels of a map. */
export const MAP = GRID * GRID

export interface Look {
  readonly theme: PaletteTheme
  readonly discrete: boolean
}

/** What is drawn of the weights between two neighbouring layers. */
export interface DrawnWeights {
  /** weights[i][j] leads from neuron i to neuron j. */
  readonly weights: readonly (readonly number[])[]
  /** Null where batch normalisation takes its place. */
  readonly biases: readonly number[] | null
}

export interface Picture {
  /** RGBA of maps of GRID² pixels, one after another: inputs, hidden layers, outputs; last the answer. */
  readonly images: Uint8ClampedArray<ArrayBuffer>
  readonly layers: readonly DrawnWeights[]
}

/** The linear layers of a network that mlp made, with their parameters. */
export function linearLayers(model: nn.Layer): { weight: Parameter; bias: Parameter | null }[] {
  return model.layers.flatMap(layer => {
    const named = layer.namedParameters()
    const weight = named.get('weight')
    return weight ? [{ weight, bias: named.get('bias') ?? null }] : []
  })
}

export class View {
  private readonly step: Compiled<[], { maps: Tensor; weights: Tensor }>
  /** Drawn neurons of each column: inputs, hidden layers, outputs. */
  readonly drawn: readonly number[]
  private last: { maps: Float32Array; weights: Float32Array } | null = null

  constructor(
    private readonly model: nn.Layer,
    private readonly problem: Problem,
    settings: Settings,
  ) {
    const { inputs, task } = problem.view
    const widths = [inputs.length, ...settings.layers.map(({ units }) => units), task.outputs]
    this.drawn = widths.map(width => Math.min(width, MOST_DRAWN))
    const perBlock = 2 + Number(settings.batchNorm) + Number(settings.dropout > 0)
    const activationAt = (layer: number) => String(perBlock * layer + 1 + Number(settings.batchNorm))
    const wanted = new Set(settings.layers.map((_, layer) => activationAt(layer)))
    this.step = compile(() => {
      const seen: Tensor[] = [problem.grid]
      const output = nn.observeLayers(
        ({ path, output, when }) => {
          if (when === 'leave' && output && wanted.has(path)) seen.push(output)
        },
        () => model(problem.grid),
      )
      seen.push(answersOf(output, problem))
      const maps = seen.map((tensor, i) => slice(tensor, { start: [0, 0], end: [MAP, this.drawn[i] ?? 1] }))
      const weights = linearLayers(model).flatMap(({ weight, bias }, i) => {
        const [from = 1, to = 1] = [this.drawn[i], this.drawn[i + 1]]
        const part = reshape(slice(weight, { start: [0, 0], end: [from, to] }), [from * to])
        return bias ? [part, slice(bias, { start: [0], end: [to] })] : [part]
      })
      return { maps: concat(maps, { axis: 1 }), weights: concat(weights) }
    })
  }

  /** Computes the network's state of now. */
  async refresh(): Promise<void> {
    const { maps, weights } = this.step()
    try {
      const [map, weight] = await Promise.all([maps.data(), weights.data()])
      this.last = { maps: map as Float32Array, weights: weight as Float32Array }
    } finally {
      maps.dispose()
      weights.dispose()
    }
  }

  /** Draws what `refresh` computed. */
  picture(look: Look): Picture | null {
    if (!this.last) return null
    const { maps, weights } = this.last
    const count = this.drawn.reduce((sum, width) => sum + width, 0)
    const images = new Uint8ClampedArray(4 * MAP * (count + 1))
    const values = new Float32Array(MAP)
    const outputs = this.drawn.at(-1) ?? 1
    for (let map = 0; map < count; map++) {
      let largest = 0
      for (let i = 0; i < MAP; i++) {
        const value = maps[i * count + map] ?? 0
        values[i] = value
        largest = Math.max(largest, Math.abs(value))
      }
      const isAnswer = map >= count - outputs
      if (!isAnswer && largest > 0) for (let i = 0; i < MAP; i++) values[i] = (values[i] ?? 0) / largest
      paint(values, images.subarray(4 * MAP * map, 4 * MAP * (map + 1)), look)
    }
    const answer = images.subarray(4 * MAP * count)
    if (this.problem.view.task.outputs > 1) this.paintClasses(answer, look)
    else answer.set(images.subarray(4 * MAP * (count - 1), 4 * MAP * count))
    return { images, layers: this.weightsOf(weights) }
  }

  /** The likeliest class's colour, the paler the less it is sure. */
  private paintClasses(bytes: Uint8ClampedArray, { theme, discrete }: Look): void {
    if (!this.last) return
    const { maps } = this.last
    const count = this.drawn.reduce((sum, width) => sum + width, 0)
    const classes = this.drawn.at(-1) ?? 1
    const colors = Array.from({ length: classes }, (_, i) => rgbOf(classColor(i, theme)))
    const ground = theme === 'light' ? 247 : 28
    for (let i = 0; i < MAP; i++) {
      let best = 0
      for (let k = 1; k < classes; k++)
        if (shareAt(maps, i, count, classes, k) > shareAt(maps, i, count, classes, best)) best = k
      const share = shareAt(maps, i, count, classes, best)
      const strength = discrete ? 0.75 : Math.max(0, 0.8 * ((share - 1 / classes) / (1 - 1 / classes)))
      for (let channel = 0; channel < 3; channel++)
        bytes[4 * i + channel] = ground + strength * ((colors[best]?.[channel] ?? 0) - ground)
      bytes[4 * i + 3] = 255
    }
  }

  private weightsOf(flat: Float32Array): DrawnWeights[] {
    let place = 0
    return linearLayers(this.model).map(({ bias }, layer) => {
      const [from = 1, to = 1] = [this.drawn[layer], this.drawn[layer + 1]]
      const weights = Array.from({ length: from }, (_, i) =>
        Array.from(flat.subarray(place + i * to, place + (i + 1) * to)),
      )
      place += from * to
      const biases = bias ? Array.from(flat.subarray(place, place + to)) : null
      if (bias) place += to
      return { weights, biases }
    })
  }

  dispose(): void {
    this.step.dispose()
  }
}

/** Outputs within ±1: how much speaks for a class, or the number itself. */
function answersOf(output: Tensor, { view }: Problem): Tensor {
  const { loss, outputs } = view.task
  // 2σ(z) − 1 = tanh(z/2)
  if (loss === 'sigmoidCrossEntropy') return tanh(mul(output, 0.5))
  return outputs > 1 ? sub(mul(softmax(output), 2), 1) : clip(output, { min: -1, max: 1 })
}

const shareAt = (maps: Float32Array, row: number, count: number, classes: number, k: number): number =>
  ((maps[row * count + count - classes + k] ?? -1) + 1) / 2

/** Red, green and blue of `#rrggbb`. */
const rgbOf = (color: string): readonly number[] =>
  [1, 3, 5].map(start => Number.parseInt(color.slice(start, start + 2), 16))
