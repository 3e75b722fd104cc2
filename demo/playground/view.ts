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
import type { Problem } from './problem.ts'
import type { Settings } from './settings.ts'
import { MAP, MOST_DRAWN } from './sizes.ts'

/** A neuron that has weights: of a hidden layer, from 0, or of the output that follows them. */
export interface Neuron {
  readonly layer: number
  readonly neuron: number
}

export interface Look {
  readonly theme: PaletteTheme
  readonly discrete: boolean
  /** The neuron whose weights are listed. */
  readonly chosen: Neuron | null
}

/** What is drawn between two neighbouring layers: the weight [i][j] leads from neuron i to neuron j. */
export type DrawnWeights = readonly (readonly number[])[]

/** All weights that lead into a neuron, drawn or not. */
export interface Incoming extends Neuron {
  readonly weights: readonly number[]
  readonly bias: number | null
}

export interface Picture {
  /** RGBA of maps of MAP pixels, one after another: inputs, hidden layers, outputs; last the answer. */
  readonly images: Uint8ClampedArray<ArrayBuffer>
  readonly layers: readonly DrawnWeights[]
  readonly incoming: Incoming | null
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
  private last: { maps: Float32Array; weights: Float32Array; incoming: Incoming | null } | null = null

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
      const weights = linearLayers(model).map(({ weight }, i) => {
        const [from = 1, to = 1] = [this.drawn[i], this.drawn[i + 1]]
        return reshape(slice(weight, { start: [0, 0], end: [from, to] }), [from * to])
      })
      return { maps: concat(maps, { axis: 1 }), weights: concat(weights) }
    })
  }

  /** Computes the network's state of now. */
  async refresh({ chosen }: Look): Promise<void> {
    const { maps, weights } = this.step()
    try {
      const [map, weight, incoming] = await Promise.all([
        maps.data(),
        weights.data(),
        chosen && this.incoming(chosen),
      ])
      this.last = { maps: map as Float32Array, weights: weight as Float32Array, incoming }
    } finally {
      maps.dispose()
      weights.dispose()
    }
  }

  private async incoming({ layer, neuron }: Neuron): Promise<Incoming | null> {
    const { weight, bias } = linearLayers(this.model)[layer] ?? {}
    const [inputs = 0, outputs = 0] = weight?.shape ?? []
    if (!weight || neuron >= outputs) return null
    const column = slice(weight, { start: [0, neuron], end: [inputs, neuron + 1] })
    const own = bias && slice(bias, { start: [neuron], end: [neuron + 1] })
    const [weights, offset] = await Promise.all([column.data(), own?.item()])
    column.dispose()
    own?.dispose()
    return { layer, neuron, weights: Array.from(weights), bias: offset ?? null }
  }

  /** Draws what `refresh` computed. */
  picture(look: Look): Picture | null {
    if (!this.last) return null
    const { maps, weights, incoming } = this.last
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
    return { images, layers: this.weightsOf(weights), incoming }
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
    return this.drawn.slice(1).map((to, layer) =>
      Array.from({ length: this.drawn[layer] ?? 1 }, () => {
        const row = flat.subarray(place, place + to)
        place += to
        return Array.from(row)
      }),
    )
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
