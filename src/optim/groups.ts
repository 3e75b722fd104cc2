// Groups: which learning rate factor and penalties each parameter has, and where in the arena.
import { fail } from '../errors.ts'
import { tensor } from '../ops/create.ts'
import { flatLayout, LAYOUT_ALIGNMENT } from '../ops/join.ts'
import { parameterFrom } from '../ops/parameter.ts'
import { at } from '../shape.ts'
import type { Parameter } from '../tensor.ts'
import type { Common } from './options.ts'

/** What may differ among parameters. */
export interface Group {
  readonly factor: number
  readonly weightDecay: number
  readonly l1: number
}

/** The groups there are, and the number of each parameter's. Throws `value` for one in two groups, or in none of ours. */
export function groupsOf(
  where: string,
  parameters: readonly Parameter[],
  { weightDecay, l1, penalized, groups }: Common,
): { groups: readonly Group[]; members: readonly number[] } {
  const named = new Map<Parameter, (typeof groups)[number]>()
  groups.forEach((group, i) => {
    for (const parameter of group.parameters) {
      const what = `a parameter ${parameter.shape.length ? `[${parameter.shape.join(', ')}]` : '[]'} of group ${i}`
      if (!parameters.includes(parameter))
        fail('value', where, `${what} is none of the optimizer's.`, 'Pass it in the list of parameters, too.')
      if (named.has(parameter)) fail('value', where, `${what} is listed twice.`, 'List it once.')
      named.set(parameter, group)
    }
  })
  const isPenalized = (parameter: Parameter, i: number): boolean =>
    typeof penalized === 'function' ? penalized(parameter, i) : penalized === 'all' || parameter.rank >= 2
  const found = new Map<string, { number: number; group: Group }>()
  const members = parameters.map((parameter, i) => {
    const own = named.get(parameter)
    const weight = Number(isPenalized(parameter, i))
    const group = {
      factor: own?.learningRateFactor ?? 1,
      weightDecay: own?.weightDecay ?? weight * weightDecay,
      l1: own?.l1 ?? weight * l1,
    }
    const key = Object.values(group).join()
    const known = found.get(key) ?? { number: found.size, group }
    found.set(key, known)
    return known.number
  })
  return { groups: [...found.values()].map(({ group }) => group), members }
}

/** For each LAYOUT_ALIGNMENT elements of the parameters' arena, the number of the parameter that lies there. */
export function blockTable(parameters: readonly Parameter[], numbers: readonly number[]): Parameter {
  const { offsets, length } = flatLayout(parameters.map(({ shape }) => shape))
  const blocks = new Array<number>(length / LAYOUT_ALIGNMENT).fill(0)
  offsets.forEach((offset, i) => {
    blocks.fill(at(numbers, i), offset / LAYOUT_ALIGNMENT, (offsets[i + 1] ?? length) / LAYOUT_ALIGNMENT)
  })
  const [{ engine }] = parameters as readonly [Parameter]
  return parameterFrom(tensor(blocks, { dtype: 'uint32', engine }))
}
