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
  type Tensor,
  tanh,
} from 'retrograd'
import { classColor, type PaletteTheme, paint } from '../page/palette.ts'
import type { Problem } from './problem.ts'
import type { Settings } from './settings.ts'
import { MAP, MOST_DRAWN } from './sizes.ts'

/**
 * The least that stands for full colour: the most that tanh and sigmoid give, and about what inputs are. Where a map has
 * more it is its largest; were it always, constants next to 0 would be as dark as what decides.
 */
const FULL = 1

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
    const classes = this.problem.view.task.outputs > 1 ? outputs : 0
    for (let map = 0; map < count - classes; map++) {
      let scale = FULL
      for (let i = 0; i < MAP; i++) {
        const value = maps[i * count + map] ?? 0
        values[i] = value
        scale = Math.max(scale, Math.abs(value))
      }
      for (let i = 0; i < MAP; i++) values[i] = (values[i] ?? 0) / scale
      paint(values, images.subarray(4 * MAP * map, 4 * MAP * (map + 1)), look)
    }
    const answer = images.subarray(4 * MAP * count)
    if (classes > 0) this.paintClasses(images.subarray(4 * MAP * (count - classes)), maps, look)
    else answer.set(images.subarray(4 * MAP * (count - 1), 4 * MAP * count))
    return { images, layers: this.weightsOf(weights), incoming }
  }

  /** A map for each class, in its colour; behind them the answer: the likeliest's colour, the paler the less it is sure. */
  private paintClasses(images: Uint8ClampedArray, maps: Float32Array, { theme, discrete }: Look): void {
    const count = this.drawn.reduce((sum, width) => sum + width, 0)
    const classes = this.drawn.at(-1) ?? 1
    const colors = Array.from({ length: classes }, (_, i) => rgbOf(classColor(i, theme)))
    const ground = theme === 'light' ? 247 : 28
    const mix = (map: number, i: number, color: number, strength: number) => {
      const start = 4 * (MAP * map + i)
      for (let channel = 0; channel < 3; channel++)
        images[start + channel] = ground + strength * ((colors[color]?.[channel] ?? 0) - ground)
      images[start + 3] = 255
    }
    for (let i = 0; i < MAP; i++) {
      const shares = maps.subarray((i + 1) * count - classes, (i + 1) * count)
      const most = Math.max(...shares)
      const best = shares.indexOf(most)
      for (const [k, share] of shares.entries()) mix(k, i, k, discrete ? Number(k === best) : share)
      mix(classes, i, best, discrete ? 0.75 : Math.max(0, 0.8 * ((most - 1 / classes) / (1 - 1 / classes))))
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

/** How much speaks for the second of two classes, within ±1; the shares of more; or a number, cut to ±1. */
function answersOf(output: Tensor, { view }: Problem): Tensor {
  const { loss, outputs } = view.task
  // 2σ(z) − 1 = tanh(z/2)
  if (loss === 'sigmoidCrossEntropy') return tanh(mul(output, 0.5))
  return outputs > 1 ? softmax(output) : clip(output, { min: -1, max: 1 })
}

/** Red, green and blue of `#rrggbb`. */
const rgbOf = (color: string): readonly number[] =>
  [1, 3, 5].map(start => Number.parseInt(color.slice(start, start + 2), 16))
