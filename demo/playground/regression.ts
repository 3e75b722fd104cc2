// Points of a plane with a number each, to be predicted: a slope, or hills and hollows.

/** `count` points [x1, x2] within ±1, and their numbers within ±1, moved by normal noise of a deviation. */
export function regression(kind: 'plane' | 'hills', count: number, noise: number, seed: number) {
  let state = seed >>> 0
  // A linear congruential generator: Knuth 1997, section 3.3.4.
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  const centres = [
    [-0.65, 0.4, 1],
    [0, 0.4, -1],
    [0.65, 0.4, 1],
    [-0.65, -0.4, -1],
    [0, -0.4, 1],
    [0.65, -0.4, -1],
  ] as const
  const hill = (x: number, y: number) =>
    centres.reduce((sum, [a, b, sign]) => sum + sign * Math.exp(-12 * ((x - a) ** 2 + (y - b) ** 2)), 0)
  const rows = Array.from({ length: count }, () => [2 * uniform() - 1, 2 * uniform() - 1])
  const targets = rows.map(
    ([x = 0, y = 0]) => (kind === 'plane' ? (x + y) / 2 : hill(x, y)) + noise * normal(),
  )
  return { rows, targets }
}
