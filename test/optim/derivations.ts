// Every optimizer derived once more, in float64 and from its publication, on a noisy quadratic.
import {
  add,
  compile,
  type Engine,
  grad,
  mul,
  optim,
  type Parameter,
  parameter,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from '../../src/index.ts'

const STEPS = 200
/** A weight of 3 × 5 and a bias of 5: only the former is penalised. */
const SHAPES: readonly (readonly number[])[] = [[3, 5], [5]]
const WEIGHTS = 15

/** Numbers in [−1, 1) that float32 holds exactly (Park and Miller's generator). */
function generator(seed: number): (count: number) => number[] {
  let state = seed
  return count =>
    Array.from({ length: count }, () => {
      state = (state * 48271) % 2147483647
      return Math.fround(state / 1073741824 - 1)
    })
}

/** The next number of one parameter; `s` keeps what the rule remembers of it, t counts from 1. */
type Rule = (p: number, g: number, s: Record<string, number>, t: number) => number

interface Derivation {
  readonly make: (parameters: readonly Parameter[]) => optim.Optimizer
  readonly rule: (isWeight: boolean) => Rule
}

const same = (rule: Rule) => () => rule
/** What a rule remembers, 0 at first. */
const of = (s: Record<string, number>, name: string): number => s[name] ?? 0

export const derivations: Readonly<Record<string, Derivation>> = {
  sgd: {
    make: p => optim.sgd(p, { learningRate: 0.05 }),
    rule: same((p, g) => p - 0.05 * g),
  },
  'sgd with L2 on weights': {
    make: p => optim.sgd(p, { learningRate: 0.05, weightDecay: 0.1 }),
    rule: isWeight => (p, g) => p - 0.05 * (g + (isWeight ? 0.1 * p : 0)),
  },
  'momentum as a sum of gradients': {
    make: p => optim.sgd(p, { learningRate: 0.02, momentum: 0.9 }),
    rule: same((p, g, s) => {
      s.v = 0.9 * of(s, 'v') + g
      return p - 0.02 * s.v
    }),
  },
  'momentum, dampened': {
    make: p => optim.sgd(p, { learningRate: 0.02, momentum: 0.9, dampening: 0.5 }),
    rule: same((p, g, s, t) => {
      s.v = t === 1 ? g : 0.9 * of(s, 'v') + (1 - 0.5) * g
      return p - 0.02 * s.v
    }),
  },
  'momentum as an average of steps, the rate falling': {
    make: p => optim.sgd(p, { learningRate: t => 0.2 / (1 + 0.01 * t), momentum: 0.8, averaged: true }),
    rule: same((p, g, s, t) => {
      const rate = 0.2 / (1 + 0.01 * (t - 1))
      s.v = 0.8 * of(s, 'v') + (1 - 0.8) * rate * g
      return p - s.v
    }),
  },
  nesterov: {
    make: p => optim.sgd(p, { learningRate: 0.02, momentum: 0.9, nesterov: true }),
    rule: same((p, g, s) => {
      s.v = 0.9 * of(s, 'v') + g
      return p - 0.02 * (g + 0.9 * s.v)
    }),
  },
  adagrad: {
    make: p => optim.adagrad(p, { learningRate: 0.1 }),
    rule: same((p, g, s) => {
      s.sum = of(s, 'sum') + g ** 2
      return p - (0.1 * g) / (Math.sqrt(s.sum) + 1e-10)
    }),
  },
  rmsprop: {
    make: p => optim.rmsprop(p),
    rule: same((p, g, s) => {
      s.square = 0.99 * of(s, 'square') + 0.01 * g ** 2
      return p - (0.01 * g) / (Math.sqrt(s.square) + 1e-8)
    }),
  },
  'rmsprop, centered': {
    make: p => optim.rmsprop(p, { centered: true, alpha: 0.95 }),
    rule: same((p, g, s) => {
      s.square = 0.95 * of(s, 'square') + 0.05 * g ** 2
      s.mean = 0.95 * of(s, 'mean') + 0.05 * g
      return p - (0.01 * g) / (Math.sqrt(s.square - s.mean ** 2) + 1e-8)
    }),
  },
  'rmsprop with momentum': {
    make: p => optim.rmsprop(p, { learningRate: 0.002, momentum: 0.9 }),
    rule: same((p, g, s) => {
      s.square = 0.99 * of(s, 'square') + 0.01 * g ** 2
      s.v = 0.9 * of(s, 'v') + g / (Math.sqrt(s.square) + 1e-8)
      return p - 0.002 * s.v
    }),
  },
  'rmsprop, centered, with momentum': {
    make: p => optim.rmsprop(p, { learningRate: 0.002, momentum: 0.8, centered: true, alpha: 0.9 }),
    rule: same((p, g, s) => {
      s.square = 0.9 * of(s, 'square') + 0.1 * g ** 2
      s.mean = 0.9 * of(s, 'mean') + 0.1 * g
      s.v = 0.8 * of(s, 'v') + g / (Math.sqrt(s.square - s.mean ** 2) + 1e-8)
      return p - 0.002 * s.v
    }),
  },
  adam: {
    make: p => optim.adam(p, { learningRate: 0.02 }),
    rule: same((p, g, s, t) => p - 0.02 * adamDirection(g, s, t)),
  },
  'adam with L2 on weights': {
    make: p => optim.adam(p, { learningRate: 0.02, weightDecay: 0.3 }),
    rule: isWeight => (p, g, s, t) => p - 0.02 * adamDirection(g + (isWeight ? 0.3 * p : 0), s, t),
  },
  adamw: {
    make: p => optim.adamw(p, { learningRate: 0.02, weightDecay: 0.3 }),
    rule: isWeight => (p, g, s, t) => (isWeight ? p - 0.02 * 0.3 * p : p) - 0.02 * adamDirection(g, s, t),
  },
  'adam with L1 on weights': {
    make: p => optim.adam(p, { learningRate: 0.02, l1: 0.3 }),
    rule: isWeight => (p, g, s, t) => {
      const moved = p - 0.02 * adamDirection(g, s, t)
      // Of what is within 0.02·λ times what gradients are divided by nothing is left.
      const threshold = (0.02 * 0.3) / (Math.sqrt(of(s, 'v') / (1 - 0.999 ** t)) + 1e-8)
      return isWeight ? Math.sign(moved) * Math.max(Math.abs(moved) - threshold, 0) : moved
    },
  },
}

function adamDirection(g: number, s: Record<string, number>, t: number): number {
  s.m = 0.9 * of(s, 'm') + 0.1 * g
  s.v = 0.999 * of(s, 'v') + 0.001 * g ** 2
  return s.m / (1 - 0.9 ** t) / (Math.sqrt(s.v / (1 - 0.999 ** t)) + 1e-8)
}

/**
 * 200 steps on Σ a(x − c)²/2 + Σ noise·x with fresh noise each step, on the engine and by the rule: the largest difference
 * between them after any fifty steps, over the largest parameter.
 */
export async function disagreement(engine: Engine, { make, rule }: Derivation): Promise<number> {
  const draw = generator(20240229)
  const size = SHAPES.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b), 0)
  const [start, center] = [draw(size).map(x => 2 * x), draw(size)]
  const slope = draw(size).map(x => Math.fround(1.25 + x / 2))
  const split = (numbers: readonly number[]): Tensor[] =>
    [numbers.slice(0, WEIGHTS), numbers.slice(WEIGHTS)].map((part, i) =>
      tensor(part, { shape: SHAPES[i] as readonly number[], engine }),
    )
  const parameters = split(start).map(x => parameter(x))
  const [centers, slopes] = [split(center), split(slope)]
  const optimizer = make(parameters)
  const step = compile((...noise: Tensor[]) => {
    const terms = parameters.map((x, i) => {
      const apart = sub(x, centers[i] as Tensor)
      const bowl = mul(mul(square(apart), slopes[i] as Tensor), 0.5)
      return sum(add(bowl, mul(noise[i] as Tensor, x)))
    })
    optimizer.step(grad(add(terms[0] as Tensor, terms[1] as Tensor), parameters))
  })
  const expected = [...start]
  const rules = expected.map((_, i) => rule(i < WEIGHTS))
  const remembered = expected.map((): Record<string, number> => ({}))
  let worst = 0
  for (let t = 1; t <= STEPS; t++) {
    const noise = draw(size)
    expected.forEach((p, i) => {
      const g = (slope[i] as number) * (p - (center[i] as number)) + (noise[i] as number)
      expected[i] = (rules[i] as Rule)(p, g, remembered[i] as Record<string, number>, t)
    })
    step(...split(noise))
    if (t % 50 > 0) continue
    const found = (await Promise.all(parameters.map(x => x.data()))).flatMap(part => [...part])
    const largest = Math.max(...expected.map(Math.abs))
    found.forEach((p, i) => {
      const apart = Math.abs(p - (expected[i] as number)) / largest
      if (!(apart <= worst)) worst = apart // NaN counts
    })
  }
  return worst
}
