// The safetensors format: what the reference implementation writes is read, what we write comes back, damage is refused.
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Engine, init, RetrogradError, type Tensor, tensor } from '../../src/index.ts'
import * as io from '../../src/io/index.ts'
import { rejection } from '../data/refusal.ts'
import { fileOf } from './file.ts'
import { bytesOf, reference } from './fixture.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})

afterAll(() => engine.dispose())

describe('a file of the reference implementation', () => {
  const bytes = bytesOf(reference)

  test('is read: names, dtypes, shapes, numbers, metadata', async () => {
    const { tensors, metadata } = await io.readSafetensors(bytes)
    const found = [...tensors].map(([name, { storedAs, dtype, shape, values }]) => [
      name,
      storedAs,
      dtype,
      shape,
      values,
    ])
    expect(found).toEqual([
      ['uint64', 'U64', 'uint32', [1], Uint32Array.of(5)],
      ['int64', 'I64', 'int32', [2], Int32Array.of(-1, 2147483647)],
      ['float64', 'F64', 'float32', [], Float64Array.of(0.1)],
      ['empty', 'F32', 'float32', [0, 4], Float32Array.of()],
      ['float32', 'F32', 'float32', [1, 3], Float32Array.of(1.5, -2, 3.25)],
      ['uint32', 'U32', 'uint32', [1], Uint32Array.of(4294967295)],
      ['__proto__', 'I32', 'int32', [1], Int32Array.of(9)],
      ['int32', 'I32', 'int32', [1], Int32Array.of(-7)],
      // The upper halves of the float32 numbers 1 and −3.140625.
      ['bfloat16', 'BF16', 'float32', [2], Float32Array.of(1, -3.140625)],
      ['float16', 'F16', 'float16', [3], Float32Array.of(0.5, -65504, 2 ** -24)],
      ['uint16', 'U16', 'uint32', [1], Uint32Array.of(65535)],
      ['int16', 'I16', 'int32', [1], Int32Array.of(-3)],
      ['int8', 'I8', 'int32', [1], Int32Array.of(1)],
      ['uint8', 'U8', 'uint32', [3], Uint32Array.of(0, 255, 7)],
      ['bool', 'BOOL', 'bool', [3], Uint8Array.of(1, 0, 1)],
    ])
    expect([...metadata]).toEqual([
      ['note', 'é ∂'],
      ['__proto__', 'text'],
    ])
  })

  test('comes as bytes, as a part of a larger buffer, as an ArrayBuffer, as a Blob or as Node.js reads it', async () => {
    const larger = new Uint8Array(bytes.length + 7)
    larger.set(bytes, 3)
    const part = larger.subarray(3, 3 + bytes.length)
    const expected = await io.readSafetensors(bytes)
    // Node.js reads files as Buffers, whose slices are no copies.
    for (const source of [
      part,
      bytes.buffer,
      new Blob([bytes]),
      Buffer.concat([Buffer.alloc(3), bytes]).subarray(3),
    ])
      expect(await io.readSafetensors(source)).toEqual(expected)
    expect(await rejection(io.readSafetensors('model.safetensors' as unknown as Blob))).toBe(
      "value [readSafetensors] expected the bytes of a file, not 'model.safetensors'. Pass a Uint8Array, ArrayBuffer or Blob.",
    )
  })
})

describe('what we write', () => {
  test('is laid out as the format says, byte for byte', async () => {
    using half = tensor([1, -2], { dtype: 'float16' })
    using whole = tensor([[3], [4]], { dtype: 'int32' })
    const bytes = await io.saveSafetensors({ half, whole }, { metadata: { by: 'é∂' } })
    const header =
      '{"__metadata__":{"by":"é∂"},"whole":{"dtype":"I32","shape":[2,1],"data_offsets":[0,8]},' +
      '"half":{"dtype":"F16","shape":[2],"data_offsets":[8,12]}}'
    const text = new TextEncoder().encode(header)
    const length = Math.ceil(text.length / 8) * 8
    expect(length).toBeGreaterThan(text.length)
    expect([...bytes]).toEqual([
      ...[length, 0, 0, 0, 0, 0, 0, 0],
      ...text,
      ...Array.from({ length: length - text.length }, () => 0x20),
      ...[3, 0, 0, 0, 4, 0, 0, 0],
      ...[0x00, 0x3c, 0x00, 0xc0], // 1 and −2 as halves
    ])
  })

  test('comes back: any names, shapes, dtypes and numbers, each at a multiple of its size', async () => {
    const shape = fc.array(fc.nat(4), { maxLength: 4 })
    const element = {
      float32: fc.float(),
      float16: fc.integer({ min: -2048, max: 2048 }),
      int32: fc.integer(),
      uint32: fc.nat(),
      bool: fc.constantFrom(0, 1),
    }
    const numbers = fc
      .tuple(shape, fc.constantFrom(...(Object.keys(element) as (keyof typeof element)[])))
      .chain(([shape, dtype]) => {
        const length = shape.reduce((size, axis) => size * axis, 1)
        return fc.record({
          shape: fc.constant(shape),
          dtype: fc.constant(dtype),
          values: fc.array(element[dtype], { minLength: length, maxLength: length }),
        })
      })
    // Texts that UTF-8 can hold; those that objects treat as special among them.
    const name = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('__proto__', 'constructor', '10', '2', ''),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(name, numbers), { selector: ([name]) => name, maxLength: 6 }),
        async entries => {
          const named = new Map<string, Tensor>()
          for (const [name, { values, shape, dtype }] of entries)
            named.set(name, tensor(values, { shape, dtype }))
          const bytes = await io.saveSafetensors(named)
          const { tensors } = await io.readSafetensors(bytes)
          expect(new Set(tensors.keys())).toEqual(new Set(named.keys()))
          for (const [name, x] of named) {
            const { shape, dtype, values } = tensors.get(name) ?? {}
            expect({ shape, dtype, values }).toEqual({
              shape: x.shape,
              dtype: x.dtype,
              values: await x.data(),
            })
            x.dispose()
          }
          const length = new DataView(bytes.buffer).getUint32(0, true)
          expect(length % 8).toBe(0)
          const header: Record<string, { dtype: string; data_offsets: number[] }> = JSON.parse(
            new TextDecoder().decode(bytes.subarray(8, 8 + length)),
          )
          for (const { dtype, data_offsets } of Object.values(header))
            expect((data_offsets[0] ?? 0) % (dtype === 'BOOL' ? 1 : dtype === 'F16' ? 2 : 4)).toBe(0)
        },
      ),
      { numRuns: 60, seed: 4 },
    )
  })

  test('keeps 64 bits of a float64 engine', async () => {
    const wide = await init({ backend: 'cpu', precision: 'float64' })
    const x = tensor([0.1], { engine: wide })
    const { tensors } = await io.readSafetensors(await io.saveSafetensors({ x }))
    expect(tensors.get('x')).toEqual({
      dtype: 'float32',
      storedAs: 'F64',
      shape: [1],
      values: Float64Array.of(0.1),
    })
    wide.dispose()
  })
})

describe('refuses', () => {
  const four = { dtype: 'F32', shape: [1], data_offsets: [0, 4] }
  const data = new Uint8Array(4)
  const cases: [what: string, header: unknown, data: Uint8Array, message: string | RegExp][] = [
    ['a list for a header', [], data, 'value [readSafetensors] its header is [].'],
    ['no JSON', '{"a":', data, /^value \[readSafetensors\] its header is no JSON: /],
    ['a tensor that is no object', { a: 3 }, data, "value [readSafetensors] tensor 'a' is 3."],
    [
      'metadata that is no object',
      { __metadata__: 'x', a: four },
      data,
      "value [readSafetensors] __metadata__ is 'x'.",
    ],
    [
      'metadata that is no text',
      { __metadata__: { epoch: 3 }, a: four },
      data,
      "value [readSafetensors] __metadata__ has 3 at 'epoch', not a text.",
    ],
    [
      'a dtype nobody knows',
      { a: { ...four, dtype: 'F8_E4M3' } },
      data,
      "dtype [readSafetensors] tensor 'a' has dtype 'F8_E4M3'.",
    ],
    [
      'the name of a property for a dtype',
      { a: { ...four, dtype: 'toString' } },
      data,
      "dtype [readSafetensors] tensor 'a' has dtype 'toString'.",
    ],
    ...[[-1], [1.5], ['1'], 1, undefined, [2 ** 53]].map((shape): (typeof cases)[number] => [
      `shape ${JSON.stringify(shape)}`,
      { a: { ...four, shape } },
      data,
      "shape [readSafetensors] tensor 'a' has shape ",
    ]),
    ...[[0, 8], [4, 0], [0], [0, 4, 8], [-4, 0], [0.5, 4.5], '04', undefined].map(
      (offsets): (typeof cases)[number] => [
        `offsets ${JSON.stringify(offsets)}`,
        { a: { ...four, data_offsets: offsets } },
        data,
        "value [readSafetensors] tensor 'a' has offsets ",
      ],
    ),
    [
      'fewer bytes than the shape needs',
      { a: { ...four, shape: [2, 3] } },
      data,
      "value [readSafetensors] tensor 'a' has 4 bytes for shape [2, 3] of F32.",
    ],
    [
      'a size beyond all numbers',
      { a: { ...four, shape: Array(30).fill(2 ** 50) } },
      data,
      "value [readSafetensors] tensor 'a' has 4 bytes for shape [",
    ],
    [
      'tensors that overlap',
      { a: { ...four, shape: [2], data_offsets: [0, 8] }, b: { ...four, data_offsets: [4, 8] } },
      new Uint8Array(8),
      "value [readSafetensors] tensor 'b' overlaps the one before it: it begins at 4, that ends at 8.",
    ],
    [
      'bytes between tensors that belong to none',
      { a: four, b: { ...four, data_offsets: [8, 12] } },
      new Uint8Array(12),
      "value [readSafetensors] bytes 4 to 8, before tensor 'b', belong to none.",
    ],
    [
      'bytes at the end that belong to none',
      { a: four },
      new Uint8Array(6),
      'value [readSafetensors] the last 2 bytes belong to no tensor.',
    ],
    [
      'a 64-bit number that 32 bits cannot hold',
      { a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } },
      Uint8Array.of(0, 0, 0, 128, 0, 0, 0, 0),
      "dtype [readSafetensors] tensor 'a' holds 2147483648, beyond 32 bits.",
    ],
  ]
  test.each(cases)('%s', async (_, header, data, message) => {
    const told = await rejection(io.readSafetensors(fileOf(header, data)))
    if (typeof message === 'string') expect(told.slice(0, message.length)).toBe(message)
    else expect(told).toMatch(message)
  })

  test('a header that is cut off, too long, longer than the file, or no UTF-8', async () => {
    const file = fileOf({ a: four }, data)
    const length = (value: bigint) => {
      const changed = file.slice()
      new DataView(changed.buffer).setBigUint64(0, value, true)
      return changed
    }
    const letters = file.slice()
    letters[10] = 0xff
    const told = (bytes: Uint8Array) => rejection(io.readSafetensors(bytes))
    const remedy = ' Is it a safetensors file, and complete?'
    expect(await told(new Uint8Array(7))).toBe(
      `value [readSafetensors] it has 7 bytes; the header's length alone takes 8.${remedy}`,
    )
    expect(await told(length(100_000_001n))).toBe(
      `value [readSafetensors] its header would take 100000001 bytes; at most 100000000 are allowed.${remedy}`,
    )
    expect(await told(length(2n ** 64n - 1n))).toContain('its header would take 18446744073709552000 bytes')
    expect(await told(length(1000n))).toBe(
      `value [readSafetensors] its header takes 1000 bytes, but only ${file.length - 8} follow.${remedy}`,
    )
    expect(await told(letters)).toContain('its header is no JSON')
  })

  test('every file cut short, and no file with a changed byte by any other error than ours', async () => {
    const bytes = bytesOf(reference)
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), async length => {
        await expect(io.readSafetensors(bytes.subarray(0, length))).rejects.toThrow(RetrogradError)
      }),
      { numRuns: 60, seed: 4 },
    )
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (place, byte) => {
        await io.readSafetensors(bytes.with(place, byte)).catch((error: unknown) => {
          expect(error).toBeInstanceOf(RetrogradError)
        })
      }),
      { numRuns: 300, seed: 4 },
    )
  })

  test('to save what is no tensor, what has no text, and names of ours', async () => {
    using x = tensor([1])
    const told = (...call: unknown[]) =>
      rejection(io.saveSafetensors(...(call as Parameters<typeof io.saveSafetensors>)))
    expect(await told({ x: 3 })).toMatch(/^value \[saveSafetensors\] tensor 'x' must be a tensor, not 3/)
    expect(await told(null)).toMatch(/^value \[saveSafetensors\] model must be an object, not null/)
    expect(await told({ __metadata__: x })).toMatch(/^value .* no tensor can be called __metadata__/)
    expect(await told({ x }, { metadata: { epoch: 3 } })).toMatch(
      /^value .* metadata 'epoch' is 3, not a text/,
    )
    expect(await told({ x }, { metadata: { 'retrograd.optimizer': '' } })).toMatch(
      /^value .* is a name of ours/,
    )
    expect(await told({ x }, { transforms: { x } })).toMatch(
      /^value .* transform 'x' is Tensor, which has no toJSON/,
    )
    expect(await told({ x }, { optimiser: 1 })).toMatch(
      /^option .* unknown option 'optimiser'. Did you mean 'optimizer'/,
    )
    expect(await told({ x }, { optimizer: 1 })).toMatch(/^option .* optimizer is 1/)
  })
})
