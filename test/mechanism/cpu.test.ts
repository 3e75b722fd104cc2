// The rules of the mechanism on the CPU engine, in Node.js; the browser suite holds WebGPU to the same cases.
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type Engine, init } from '../../src/index.ts'
import { fusion } from '../suite/fusion.ts'
import { measure } from '../suite/measure.ts'
import { recording } from '../suite/recording.ts'
import { refused } from '../suite/refused.ts'
import { replay } from '../suite/replay.ts'
import { scaling } from '../suite/scaling.ts'
import { values } from '../suite/values.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})

afterAll(() => engine.dispose())

describe.each([
  ['values', values],
  ['recording', recording],
  ['replay', replay],
  ['fusion', fusion],
  ['scaling', scaling],
  ['measure', measure],
  ['refused', refused],
])('%s', (_, cases) => {
  test.each(Object.keys(cases))('%s', name => cases[name]?.(engine))
})
