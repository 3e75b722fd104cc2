// What a network that cannot learn a small set by heart looks like: the lectures' causes, with figures.
import type { Layer } from '../nn/layer.ts'
import { sizeOf } from '../shape.ts'
import { percent, rounded } from '../text.ts'
import { type Diagnosis, REMEDIES, TOO_MANY, VANISHING } from './diagnosis.ts'
import { layerName } from './trace.ts'

/** What keeps a network from learning a small set by heart. */
export type OverfitCause =
  | 'saturated units'
  | 'learning rate'
  | 'vanishing gradients'
  | 'dead units'
  | 'too few epochs'
  | 'too small a network'

/** How training went. */
export interface Facts {
  readonly network: Layer
  readonly rows: number
  readonly losses: readonly number[]
  readonly before: Diagnosis
  readonly after: Diagnosis
  /** What became of a step in which numbers grew out of range. */
  readonly broken: string | null
  /** What training on with a higher learning rate comes to, from this loss. */
  faster(last: number): Promise<Faster | null>
}

/** How a loss that stood still fell. */
export interface Faster {
  /** Of the learning rate tried and the one before. */
  readonly factor: number
  readonly rate: number
  readonly loss: number
  readonly epochs: number
}

/** A loss that is less than this part of another has fallen. */
export const FALLS = 0.95

type Causes = { cause: OverfitCause; advice: string }[]

/** A number in a sentence. */
export const short = (value: number): string => rounded(value, 3)

/** By how much of its mean the loss rises, on average over epochs, where it bounces. */
const ROUGH = 0.05

/** What a failure looks like, likeliest first. */
export async function causesOf(facts: Facts): Promise<Causes> {
  const { network, rows, losses, before, after, faster } = facts
  const causes: Causes = [...saturated(before, 'before the first step'), ...bouncing(facts)]
  if (causes[0]?.cause !== 'saturated units') causes.push(...saturated(after, 'after training'))
  causes.push(...vanishing(before, 'before the first step'), ...dead(after))
  // At the end it also comes of a loss that is small, or of units that are stuck.
  if (causes.length === 0) causes.push(...vanishing(after, 'after training'))
  if (causes.length > 0) return causes
  const [first = 0, last = 0] = [losses.at(-1 - Math.ceil(losses.length / 4)), losses.at(-1)]
  if (last < FALLS * first)
    return [
      {
        cause: 'too few epochs',
        advice: `the loss still falls, from ${short(first)} to ${short(last)} in the last quarter of them; train longer, or with a higher learning rate.`,
      },
    ]
  const found = await faster(last)
  if (found)
    return [
      {
        cause: 'learning rate',
        advice: `the loss stands still at ${short(last)}, but a learning rate of ${short(found.rate)} takes it to ${short(found.loss)} in ${found.epochs} epochs; raise it, ${found.factor}-fold or so.`,
      },
    ]
  const size = network.parameters().reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  return [
    {
      cause: 'too small a network',
      advice: `the loss stands still at ${short(last)} while gradients are sound; ${size} parameters seem too few for ${rows} rows: add units or layers, or train longer.`,
    },
  ]
}

function saturated({ layers }: Diagnosis, when: string): Causes {
  const [layer] = layers.filter(one => (one.saturated ?? 0) > TOO_MANY)
  if (!layer) return []
  return [
    {
      cause: 'saturated units',
      advice: `${percent(layer.saturated ?? 0)} of the outputs of ${layerName({ ...layer, layer })} are saturated ${when}; ${REMEDIES.saturated}.`,
    },
  ]
}

/** A learning rate that makes the loss bounce, or worse. */
function bouncing({ losses, broken }: Facts): Causes {
  const told = (what: string): Causes => [
    { cause: 'learning rate', advice: `${what}; take a tenth of the learning rate, or clip the gradients.` },
  ]
  if (broken) return told(`numbers grew until ${broken.replace(/\.$/, '')}`)
  const late = losses.slice(Math.floor(losses.length / 2))
  const mean = late.reduce((sum, loss) => sum + loss, 0) / late.length
  const rises = late.slice(1).map((loss, i) => Math.max(0, loss - (late[i] as number)))
  const share = rises.filter(rise => rise > 0).length / Math.max(1, rises.length)
  const rough = rises.reduce((sum, rise) => sum + rise, 0) / Math.max(1, rises.length) / mean
  const [start = 0, end = 0] = [losses[0], losses.at(-1)]
  if (end > 2 * start) return told(`the loss grew from ${short(start)} to ${short(end)}`)
  if (rough < ROUGH || share < 0.2) return []
  const [low, high] = [Math.min(...late), Math.max(...late)]
  return told(
    `the loss bounces between ${short(low)} and ${short(high)}, and rose in ${percent(share)} of the later epochs`,
  )
}

function vanishing({ layers }: Diagnosis, when: string): Causes {
  const layer = layers.find(({ gradient }) => gradient !== null && gradient > 0 && gradient < VANISHING)
  const last = layers.findLast(({ gradient }) => gradient !== null)
  if (!layer || layer === last) return []
  return [
    {
      cause: 'vanishing gradients',
      advice: `the gradient of ${layerName({ ...layer, layer })} has norm ${short(layer.gradient ?? 0)} ${when}, that of the last layer ${short(last?.gradient ?? 0)}; use relu, batch normalisation or residual connections, or fewer layers.`,
    },
  ]
}

function dead({ layers }: Diagnosis): Causes {
  const [layer] = layers.filter(one => (one.dead ?? 0) > TOO_MANY)
  if (!layer) return []
  return [
    {
      cause: 'dead units',
      advice: `${percent(layer.dead ?? 0)} of the units of ${layerName({ ...layer, layer })} give 0 for every row; ${REMEDIES.dead}.`,
    },
  ]
}
