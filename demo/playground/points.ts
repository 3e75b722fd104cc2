// Problems that are made up: points of a plane with a class or a number each, and the features of them that are chosen.
import { concat, data, mul, parameter, sin, slice, square, sub, type Tensor, tensor } from 'retrograd'
import { generatorOf, sharesOf, taskOf } from './network.ts'
import { type Axis, gridRows, joined, type Points, type Problem, sizesOf } from './problem.ts'
import { regression } from './regression.ts'
import type { Feature, Settings } from './settings.ts'

const REACH = 1.2

/** Makes and splits the points that settings ask for. */
export async function madeProblem(settings: Settings): Promise<Problem> {
  const { data: name, count, noise, seed, features, classes } = settings
  const isRegression = name === 'plane' || name === 'hills'
  const points = isRegression ? regressionSet(name, count, noise / 250, seed) : classSet(settings)
  const raw = await points.features.data()
  const targets = isRegression ? await points.labels.data() : points.labelIds()
  const whole = points.withFeatures(x => featuresOf(x, features))
  points.dispose()
  const shares = sharesOf(settings)
  const { train, test } = shares
  const parts =
    shares.validation > 0
      ? data.split(whole, shares, { seed })
      : { ...data.split(whole, { train, test }, { seed }), validation: null }
  const place = (set: data.Dataset | null): Points => ({
    x: Array.from(set?.rows ?? [], row => raw[2 * row] ?? 0),
    y: Array.from(set?.rows ?? [], row => raw[2 * row + 1] ?? 0),
    label: Array.from(set?.rows ?? [], row => targets[row] ?? 0),
  })
  const axis = (name: string): Axis => ({ name, low: -REACH, high: REACH })
  const axes = [axis('x₁'), axis('x₂')] as const
  const grid = parameter(featuresOf(tensor(gridRows(axes, [0, 0], [0, 1])), features))
  const names = Array.from({ length: name === 'spiral' ? classes : 2 }, (_, i) => `class ${i + 1}`)
  const aim = {
    axes,
    train: place(parts.train),
    unseen: joined(place(parts.validation), place(parts.test)),
  }
  return {
    ...parts,
    view: {
      ...aim,
      task: taskOf(isRegression ? null : names),
      inputs: features,
      rows: sizesOf(parts),
      target: { mean: 0, deviation: 1 },
      story: [],
    },
    grid,
    aim: async () => aim,
    dispose: () => {
      whole.dispose()
      grid.dispose()
    },
  }
}

/** The chosen features [rows, features] of points x [rows, 2]. */
function featuresOf(x: Tensor, chosen: readonly Feature[]): Tensor {
  const rows = x.shape[0] ?? 0
  const x1 = slice(x, { start: [0, 0], end: [rows, 1] })
  const x2 = slice(x, { start: [0, 1], end: [rows, 2] })
  const made: Readonly<Record<Feature, () => Tensor>> = {
    x1: () => x1,
    x2: () => x2,
    'x1²': () => square(x1),
    'x2²': () => square(x2),
    x1x2: () => mul(x1, x2),
    'sin x1': () => sin(mul(x1, Math.PI)),
    'sin x2': () => sin(mul(x2, Math.PI)),
  }
  return concat(
    chosen.map(name => made[name]()),
    { axis: 1 },
  )
}

function classSet(settings: Settings): data.Dataset {
  const { name, options, centre, scale } = generatorOf(settings)
  const points = data[name](settings.count, options)
  if (centre === 0 && scale === 1) return points
  const moved = points.withFeatures(x => mul(sub(x, centre), scale))
  points.dispose()
  return moved
}

function regressionSet(kind: 'plane' | 'hills', count: number, noise: number, seed: number): data.Dataset {
  const { rows, targets } = regression(kind, count, noise, seed)
  return data.dataset(rows, targets)
}
