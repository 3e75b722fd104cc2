// Models, optimizers and transforms, saved and loaded: what is in the file, and what does not fit.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as data from '../../src/data/index.ts'
import {
  compile,
  type Engine,
  init,
  nn,
  optim,
  type Parameter,
  parameter,
  type Tensor,
  tensor,
  uniform,
  zeros,
} from '../../src/index.ts'
import { compose, parse } from '../../src/io/format.ts'
import * as io from '../../src/io/index.ts'
import { sizeOf } from '../../src/shape.ts'
import { rejection } from '../data/refusal.ts'
import { fileOf } from './file.ts'
import { all, numbersOf, small, train } from './training.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 4 })
})

afterAll(() => engine.dispose())

describe('saveSafetensors', () => {
  test('names parameters, buffers and an optimizer, and says the rest in the metadata', async () => {
    const model = small()
    const optimizer = optim.adam(model.parameters(), { learningRate: 0.25 })
    const scaling = data.standardize([[1], [3]])
    const bytes = await io.saveSafetensors(model, {
      optimizer,
      transforms: { features: scaling },
      metadata: { note: 'mine' },
    })
    const { tensors, metadata } = await io.readSafetensors(bytes)
    const own = ['0.weight', '0.bias', '3.weight', '3.bias']
    expect([...tensors.keys()].sort()).toEqual(
      [
        ...own,
        '2.seen',
        ...['mean', 'square'].flatMap(state => own.map(name => `optimizer.${state}.${name}`)),
      ].sort(),
    )
    expect(tensors.get('optimizer.mean.3.weight')?.shape).toEqual([50, 2])
    expect(Object.fromEntries(metadata)).toEqual({
      note: 'mine',
      'retrograd.optimizer': '{"name":"adam","steps":0,"learningRate":0.25}',
      'retrograd.transforms': `{"features":${JSON.stringify(scaling)}}`,
    })
  })

  test('saves what is there at the call, though training goes on', async () => {
    const model = small()
    const optimizer = optim.adam(model.parameters())
    await train(model, optimizer, 0, 3)
    const expected = await io.saveSafetensors(model, { optimizer })
    const saving = io.saveSafetensors(model, { optimizer })
    await train(model, optimizer, 3, 5)
    expect(await saving).toEqual(expected)
    expect(await io.saveSafetensors(model, { optimizer })).not.toEqual(expected)
  })

  test('refuses an optimizer of another model, names that clash, and tensors that are gone', async () => {
    const model = small()
    const told = (...call: Parameters<typeof io.saveSafetensors>) => rejection(io.saveSafetensors(...call))
    expect(await told(model, { optimizer: optim.adam(small().parameters()) })).toBe(
      'value [saveSafetensors] parameter 0 of the optimizer, [3, 50], is not in the model. Pass an optimizer of model.parameters().',
    )
    const p = parameter(zeros([2]))
    expect(() => nn.layer({ label: 'both', parameters: { p }, buffers: { p }, forward: x => x })).toThrow()
    const optimizer = optim.adam([p])
    expect(await told({ p, 'optimizer.mean.p': p }, { optimizer })).toMatch(
      /^value .* a tensor of the model has the name of an optimizer's state/,
    )
    p.dispose()
    expect(await told({ p })).toMatch(/^disposed /)
  })
})

describe('loadSafetensors', () => {
  test('writes into the arena: recordings and the optimizer go on, and nothing is left over', async () => {
    const model = small()
    const optimizer = optim.adam(model.parameters())
    await train(model, optimizer, 0, 2)
    const bytes = await io.saveSafetensors(model, { optimizer })
    using x = uniform([1, 3], { seed: 1 })
    const run = compile((x: Tensor) => model(x))
    const output = async () => {
      using y = run(x)
      return [...(await y.data())]
    }
    const expected = await output()
    await train(model, optimizer, 2, 4)
    expect(await output()).not.toEqual(expected)
    const before = engine.memory()
    const { missing, unexpected } = await io.loadSafetensors(bytes, model, { optimizer })
    expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] })
    const after = engine.memory()
    expect([after.tensors, after.liveBytes]).toEqual([before.tensors, before.liveBytes])
    expect(await output()).toEqual(expected)
    expect(optimizer.state().steps).toBe(2)
    // Still in their arena: the optimizer steps them.
    await train(model, optimizer, 2, 3)
    expect(await output()).not.toEqual(expected)
  })

  test('takes weights alone from a file that holds an optimizer, from a Blob, and into parameters by name', async () => {
    const model = small()
    const optimizer = optim.adam(model.parameters())
    const bytes = await io.saveSafetensors(model, { optimizer })
    const other = small()
    await io.loadSafetensors(new Blob([bytes]), other)
    expect(await numbersOf(all(other))).toEqual(await numbersOf(all(model)))
    const weight = parameter(zeros([3, 50]))
    const { missing, unexpected } = await io.loadSafetensors(
      bytes,
      new Map([
        ['0.weight', weight],
        ['none', parameter(zeros([1]))],
      ]),
      { strict: false },
    )
    expect(missing).toEqual(['none'])
    expect([...unexpected].sort()).toEqual(['0.bias', '2.seen', '3.bias', '3.weight'])
    expect(await weight.data()).toEqual(await model.namedParameters().get('0.weight')?.data())
  })

  test('brings a loss scale back, too', async () => {
    const [one, other] = [optim.lossScale({ initial: 1024 }), optim.lossScale()]
    await io.loadSafetensors(await io.saveSafetensors(one.state().tensors), other.state().tensors)
    expect(await other.value()).toBe(1024)
  })

  test('gives transforms and texts back', async () => {
    const transforms = {
      features: data.standardize([
        [1, 5],
        [3, 9],
      ]),
      labels: data.minMax([[2], [4]]),
    }
    const bytes = await io.saveSafetensors({}, { transforms, metadata: new Map([['__proto__', 'text']]) })
    const loaded = await io.loadSafetensors(bytes, {})
    expect([...loaded.metadata]).toEqual([['__proto__', 'text']])
    expect(loaded.transforms).toEqual(new Map(Object.entries(transforms)))
    const again = await io.saveSafetensors({}, { transforms: loaded.transforms, metadata: loaded.metadata })
    expect(again).toEqual(bytes)
  })

  test('casts floats to floats, and nothing else', async () => {
    const load = async (source: Tensor, target: Parameter) => {
      await io.loadSafetensors(await io.saveSafetensors({ p: source }), { p: target })
      return [...(await target.data())]
    }
    const halves = () => parameter(zeros([2], { dtype: 'float16' }))
    const singles = () => parameter(zeros([2]))
    // 1 + 2⁻¹¹ lies between two halves, and ties to the even one.
    expect(await load(tensor([1 + 2 ** -11, Number.NaN]), halves())).toEqual([1, Number.NaN])
    expect(await load(tensor([0.1, 65504], { dtype: 'float16' }), singles())).toEqual([
      0.0999755859375, 65504,
    ])
    expect(await load(tensor([-Infinity, 65519]), halves())).toEqual([-Infinity, 65504])
    expect(await rejection(load(tensor([1, -65520]), halves()))).toBe(
      "dtype [loadSafetensors] tensor 'p' holds -65520, beyond float16. Use a wider model.",
    )
    const wide = fileOf(
      { p: { dtype: 'F64', shape: [2], data_offsets: [0, 16] } },
      new Uint8Array(Float64Array.of(0.1, 1e300).buffer),
    )
    expect(await rejection(io.loadSafetensors(wide, { p: singles() }))).toMatch(
      /holds 1e\+300, beyond float32/,
    )
    expect(await rejection(load(tensor([1, 2], { dtype: 'int32' }), singles()))).toBe(
      "dtype [loadSafetensors] tensor 'p' is I32 in the file, float32 in the model.",
    )
    const whole = parameter(tensor([0, 0], { dtype: 'int32' }))
    expect(await load(tensor([-5, 2 ** 31 - 1], { dtype: 'int32' }), whole)).toEqual([-5, 2 ** 31 - 1])
    expect(await rejection(load(tensor([1, 2]), whole))).toMatch(/is F32 in the file, int32 in the model/)
  })

  test('a shared parameter may have any of its names, or all where they agree', async () => {
    const inner = nn.linear(2, 2)
    const model = nn.sequential(inner, inner)
    const names = ['0.weight', '0.bias', '1.weight', '1.bias']
    const bytes = await io.saveSafetensors(model, { optimizer: optim.adam(model.parameters()) })
    const { tensors } = await io.readSafetensors(bytes)
    expect([...tensors.keys()].filter(name => names.includes(name)).sort()).toEqual([...names].sort())
    expect(tensors.has('optimizer.mean.0.weight')).toBe(true)
    expect(tensors.has('optimizer.mean.1.weight')).toBe(false)
    await io.loadSafetensors(bytes, model)
    const once = await io.saveSafetensors(nn.sequential(nn.identity(), nn.linear(2, 2)))
    await io.loadSafetensors(once, model)
    const twice = await io.saveSafetensors(nn.sequential(nn.linear(2, 2), nn.linear(2, 2)))
    expect(await rejection(io.loadSafetensors(twice, model))).toBe(
      "value [loadSafetensors] '0.weight' and '1.weight' are one parameter, but differ in the file.",
    )
  })

  test('changes nothing where anything does not fit', async () => {
    const source = small()
    const optimizer = optim.adam(source.parameters())
    await train(source, optimizer, 0, 2)
    const bytes = await io.saveSafetensors(source, { optimizer })
    const { tensors, metadata } = parse('test', bytes)

    /** The file with tensors left out, or there as zeros of a shape, and another record of the optimizer. */
    const changed = (changes: Record<string, number[] | null>, record?: unknown): Uint8Array => {
      const others = new Map(tensors)
      for (const [name, shape] of Object.entries(changes)) {
        if (shape) others.set(name, { type: 'F32', shape, bytes: new Uint8Array(4 * sizeOf(shape)) })
        else others.delete(name)
      }
      const text = record === undefined ? metadata.get('retrograd.optimizer') : JSON.stringify(record)
      return compose({ tensors: others, metadata: new Map([['retrograd.optimizer', text ?? '']]) })
    }

    const target = small()
    const other = optim.adam(target.parameters(), { learningRate: 0.5 })
    const before = {
      model: await numbersOf(all(target)),
      state: await numbersOf(new Map(Object.entries(other.state().tensors))),
    }
    const refused = async (file: Uint8Array, options: io.LoadOptions = { optimizer: other }) => {
      const told = await rejection(io.loadSafetensors(file, target, options))
      expect({
        model: await numbersOf(all(target)),
        state: await numbersOf(new Map(Object.entries(other.state().tensors))),
      }).toEqual(before)
      expect([other.state().steps, other.learningRate]).toEqual([0, 0.5])
      return told
    }
    const where = '[loadSafetensors]'
    expect(await refused(changed({ '3.bias': null, extra: [1] }))).toBe(
      `value ${where} the file does not fit the model: missing ['3.bias'], unexpected ['extra']. ` +
        'Load it into the model it was saved from, or pass { strict: false }.',
    )
    expect(await refused(changed({ '2.seen': [3] }), { optimizer: other, strict: false })).toBe(
      `shape ${where} tensor '2.seen' is [3] in the file, [2] in the model. Load it into the model it was saved from.`,
    )
    expect(await refused(changed({ 'optimizer.square.3.bias': null }))).toBe(
      `value ${where} tensor 'optimizer.square.3.bias' is missing.`,
    )
    expect(await refused(changed({ 'optimizer.square.3.bias': [1] }))).toMatch(
      /^shape .* tensor 'optimizer.square.3.bias' is \[1\] in the file, \[2\] in the model/,
    )
    expect(await refused(changed({}, { name: 'rmsprop', steps: 2, learningRate: 1 }))).toBe(
      `value ${where} the optimizer is adam, the file's is 'rmsprop'.`,
    )
    expect(await refused(changed({}, { name: 'adam', steps: -2, learningRate: 1 }))).toBe(
      `value ${where} the file's optimizer has -2 steps, learning rate 1.`,
    )
    expect(await refused(changed({}, []))).toMatch(
      /^value .* the metadata's retrograd.optimizer is no JSON object/,
    )
    expect(await refused(await io.saveSafetensors(source))).toBe(
      `value ${where} the file holds no optimizer. Save it with { optimizer }, or load the model alone.`,
    )
    expect(await refused(bytes, { optimizer: optim.adam(small().parameters()) })).toMatch(
      /^value .* parameter 0 of the optimizer, \[3, 50\], is not in the model/,
    )
    expect(await refused(bytes.subarray(0, bytes.length - 1))).toMatch(/^value /)
    expect(await refused(bytes, { strikt: true } as io.LoadOptions)).toMatch(
      /^option .* Did you mean 'strict'/,
    )
    expect(
      await refused(
        fileOf({ __metadata__: { 'retrograd.transforms': '{"x":{"kind":"?"}}' } }, new Uint8Array()),
        { strict: false },
      ),
    ).toMatch(/^value \[transformFromJSON\]/)
    const gone = target.parameters()[3]
    gone?.dispose()
    const told = await rejection(io.loadSafetensors(bytes, target))
    expect(told).toMatch(/^disposed \[loadSafetensors\]/)
    const weight = target.parameters()[0]
    expect([...((await weight?.data()) ?? [])]).toEqual(before.model.get('0.weight'))
  })

  test('refuses a target that is no parameter', async () => {
    using x = tensor([1])
    const bytes = await io.saveSafetensors({ x })
    expect(await rejection(io.loadSafetensors(bytes, { x } as unknown as Record<string, Parameter>))).toBe(
      "value [loadSafetensors] 'x' is Tensor, not a parameter. Make it one with parameter(x).",
    )
  })
})
