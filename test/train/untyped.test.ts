// What callers without types may pass by mistake: every argument of every public function, replaced by what it never is.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCsv } from '../../src/csv.ts'
import {
  compile,
  data,
  type Engine,
  grad,
  hostScalar,
  hostVector,
  init,
  io,
  nn,
  ones,
  optim,
  parameter,
  RetrogradError,
  scope,
  sum,
  type Tensor,
  tensor,
  train,
} from '../../src/index.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 1 })
})

afterAll(() => engine.dispose())

const rows = [
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 9],
]

/** What an argument may be by mistake. A tensor has methods of many names, `step` and `sum` among them. */
const odd = (): readonly unknown[] => [
  undefined,
  null,
  'abc',
  7,
  Number.NaN,
  true,
  1n,
  Symbol('odd'),
  {},
  [],
  [1, 2],
  ['a'],
  [null],
  () => undefined,
  tensor([1, 2]),
]

type Call = readonly [name: string, fn: (...args: never[]) => unknown, args: readonly unknown[]]

/** A function of one option, which may have any value. */
const option = <T>(name: string, keys: readonly string[], fn: (given: T) => unknown): Call[] =>
  keys.map(key => [`${name}, ${key}`, (value: unknown) => fn({ [key]: value } as T), [undefined]])

function calls(): Record<string, readonly Call[]> {
  const set = data.dataset(rows, new Int32Array([0, 1, 0, 1]))
  const table = data.tableFrom([{ a: 1, b: 'x' }])
  const x = tensor(rows)
  const model = nn.linear(2, 2)
  const make = () => nn.linear(2, 2)
  const scaling = data.standardize(rows)
  const machine = nn.rbm(2, 3)
  const codes = data.oneHot(['a', 'b'])
  const coder = data.encoder(table, { a: 'keep', b: 'oneHot' })
  const parameters = () => make().parameters()
  const own = optim.adam(parameters())
  const gradients = own.parameters.map(({ shape }) => ones(shape))
  const streamed = async (...args: Parameters<typeof data.stream>) => {
    for await (const { size } of data.stream(...args)) return size
    return 0
  }
  const chunk = { features: rows, labels: [1, 2, 3, 4] }
  const fit = { epochs: 1 }
  const folds = { model: make, data: set, folds: 2, fit }
  const search = { space: { a: [1] }, score: () => 1 }
  const several = { model: make, count: 1, fit: { train: set, ...fit } }
  const batch = { features: rows, labels: rows }
  return {
    data: [
      ['dataset', data.dataset, [rows, [1, 2, 3, 4], {}]],
      ...option<data.DatasetOptions>('dataset', ['classes', 'engine'], given =>
        data.dataset(rows, [0, 1, 0, 1], given),
      ),
      ['subset', (positions: number[]) => set.subset(positions), [[0]]],
      ['withFeatures', (change: (x: Tensor) => Tensor) => set.withFeatures(change), [(x: Tensor) => x]],
      ['batches', data.batches, [set, {}]],
      ['oneHot', data.oneHot, [['a']]],
      ['oneHot.apply', (values: string[]) => codes.apply(values), [['a']]],
      ['oneHot.invert', (units: number[][]) => codes.invert(units), [[[1, 0]]]],
      ['encoder', data.encoder, [table, { a: 'keep' }, {}]],
      ['encoder.apply', (table: data.Table) => coder.apply(table), [table]],
      ['encoder.invert', (x: number[][]) => coder.invert(x), [[[1, 0]]]],
      ['xor', data.xor, [4, {}]],
      ['circle', data.circle, [4, {}]],
      ['gauss', data.gauss, [4, {}]],
      ['spiral', data.spiral, [4, {}]],
      ['parity', data.parity, [2, {}]],
      ['sine', data.sine, [4, {}]],
      ['standardize', data.standardize, [rows]],
      ['minMax', data.minMax, [rows, {}]],
      ['scaling.apply', (x: number[][]) => scaling.apply(x), [rows]],
      ['scaling.invert', (x: number[][]) => scaling.invert(x), [rows]],
      ['shuffledRows', data.shuffledRows, [3, 0, 0]],
      ['split', data.split, [set, { a: 0.5, b: 0.5 }, {}]],
      ['kFold', data.kFold, [set, { folds: 2 }]],
      ['stream', streamed, [[chunk], {}]],
      ['a chunk', (chunk: data.Chunk) => streamed([chunk]), [chunk]],
      ['column', data.column, [table, 'a']],
      ['dropGaps', data.dropGaps, [table, ['a']]],
      ['tableFrom', data.tableFrom, [[{ a: 1 }]]],
      ['a record', (record: Record<string, unknown>) => data.tableFrom([{ a: 1 }, record]), [{ a: 1 }]],
      ['rows', (rows: never) => data.column({ columns: ['a'], rows }, 'a'), [[[1]]]],
      ['a row', (row: never) => data.column({ columns: ['a'], rows: [row] }, 'a'), [[1]]],
      ['transformFromJSON', data.transformFromJSON, [scaling.toJSON()]],
      ['readCsv', readCsv, ['a,b\n1,2', {}]],
      ...option('readCsv', ['header', 'delimiter', 'gaps'], given => readCsv('a,b\n1,2', given as object)),
    ],
    nn: [
      ['linear', nn.linear, [2, 2, {}]],
      ['tied', nn.tied, [model, {}]],
      ['dropout', nn.dropout, [0.1]],
      ['sequential', nn.sequential, [model, model]],
      ['residual', nn.residual, [model]],
      ['relu', nn.relu, []],
      ['elu', (given: object) => nn.elu(given)(x), [{}]],
      ['softmax', (given: object) => nn.softmax(given)(x), [{}]],
      ['a call', model, [x, {}]],
      ['mlp', nn.mlp, [[2, 2], {}]],
      ...option<nn.MlpOptions>('mlp', ['activation', 'outputActivation', 'dropout', 'initializer'], given =>
        nn.mlp([2, 2, 2], given),
      ),
      ['batchNorm', nn.batchNorm, [2, {}]],
      ['layerNorm', nn.layerNorm, [2, {}]],
      ['autoencoder', nn.autoencoder, [[2, 1], {}]],
      ['rbm', nn.rbm, [2, 2, {}]],
      ['rbm.energy', machine.energy, [x, ones([4, 3])]],
      ['rbm.visible', machine.visible, [ones([4, 3])]],
      ['rbm.gibbs', machine.gibbs, [x, {}]],
      ['rbm.contrastiveDivergence', machine.contrastiveDivergence, [x, {}]],
      ['constant', nn.constant, [1]],
      ['uniform', nn.uniform, [0, 1]],
      ['normal', nn.normal, [1]],
      ['what an initializer gives', (given: never) => nn.linear(2, 2, { initializer: () => given }), [[]]],
      ['layer', nn.layer, [{ label: 'own', forward: (x: Tensor) => x }]],
      ...option<object>('layer', ['label', 'forward', 'parameters', 'buffers', 'layers'], given =>
        nn.layer({ label: 'own', forward: x => x, ...given })(x),
      ),
      ['observeLayers', nn.observeLayers, [() => undefined, () => 1]],
    ],
    engine: [
      ['use', (body: () => unknown) => engine.use(body), [() => 1]],
      ['withSeed', (seed: number, body: () => unknown) => engine.withSeed(seed, body), [1, () => 1]],
      ['scope', scope, [() => 1]],
      [
        'compile',
        (fn: (x: Tensor) => Tensor, options: object) => compile(fn, options)(x),
        [(x: Tensor) => x, {}],
      ],
      ['hostScalar', hostScalar, [() => 1, {}]],
      ['hostVector', hostVector, [() => [1], { length: 1 }]],
      ['grad', grad, [sum(x), [x], {}]],
      ['tensor', tensor, [rows, {}]],
      ['parameter', parameter, [x]],
    ],
    io: [
      ['saveSafetensors', io.saveSafetensors, [model, {}]],
      ...option<io.SaveOptions>('saveSafetensors', ['optimizer', 'transforms', 'metadata'], given =>
        io.saveSafetensors(model, given),
      ),
      ['a transform', (a: never) => io.saveSafetensors(model, { transforms: { a } }), [scaling]],
      ['a tensor', (a: Tensor) => io.saveSafetensors({ a }), [x]],
      ['loadSafetensors', io.loadSafetensors, [new Uint8Array(), model, {}]],
      [
        'loadSafetensors, its model and options',
        async (...args: never[]) => io.loadSafetensors(await io.saveSafetensors(model), ...(args as [never])),
        [model, {}],
      ],
      ['readSafetensors', io.readSafetensors, [new Uint8Array()]],
    ],
    train: [
      ['fit', train.fit, [make(), { train: set, ...fit }]],
      ...option<object>(
        'fit',
        'train validation loss optimizer epochs batchSize metrics stop onStep onEpoch scale signal'.split(
          ' ',
        ),
        given => train.fit(make(), { train: set, ...fit, ...given }),
      ),
      [
        'the optimizer made',
        (made: never) => train.fit(make(), { train: set, optimizer: () => made }),
        [undefined],
      ],
      ['the loss made', (made: never) => train.fit(make(), { train: set, loss: () => made }), [undefined]],
      ['evaluate', train.evaluate, [model, set, {}]],
      ['classificationReport', train.classificationReport, [model, set, {}]],
      ['predict', train.predict, [model, x, {}]],
      ['crossValidate', train.crossValidate, [folds]],
      ...option<object>(
        'crossValidate',
        'model data choices folds metric prepare fit onFold signal'.split(' '),
        given => train.crossValidate({ ...folds, ...given }),
      ),
      [
        'what prepare gives',
        (made: never) => train.crossValidate({ ...folds, prepare: () => made }),
        [scaling],
      ],
      [
        'what model gives',
        (made: never) => train.crossValidate({ ...folds, model: () => made }),
        [undefined],
      ],
      ['gridSearch', train.gridSearch, [search]],
      ...option<object>('gridSearch', ['space', 'score', 'better', 'onTrial', 'signal'], given =>
        train.gridSearch({ ...search, ...given }),
      ),
      ['randomSearch', train.randomSearch, [{ ...search, trials: 1 }]],
      ['ensemble', train.ensemble, [[model], {}]],
      ['trainEnsemble', train.trainEnsemble, [several]],
      ...option<object>('trainEnsemble', ['model', 'count', 'fit', 'combine', 'signal'], given =>
        train.trainEnsemble({ ...several, ...given }),
      ),
      ['gradientCheck', train.gradientCheck, [model, 'meanSquaredError', batch, {}]],
      ['diagnose', train.diagnose, [model, { data: set }]],
      ...option<object>('diagnose', ['data', 'loss', 'optimizer', 'rows'], given =>
        train.diagnose(make(), { data: set, ...given }),
      ),
      ['monitor', train.monitor, [model, { data: set }]],
      ['overfitSmallSet', train.overfitSmallSet, [make, set, { epochs: 1 }]],
      ['pretrain', train.pretrain, [nn.mlp([2, 2, 2]), set, { fit }]],
      ...option<object>('pretrain', ['with', 'layers', 'fit'], given =>
        train.pretrain(nn.mlp([2, 2, 2]), set, { fit, ...given }),
      ),
      ['earlyStopping', train.earlyStopping, [{}]],
      ['threshold', train.threshold, [1, {}]],
      ['topK', train.topK, [1]],
      ['a metric', (given: train.Predictions) => train.metrics.f1.of(given), [undefined]],
    ],
    optim: [
      ...(['sgd', 'adagrad', 'rmsprop', 'adam', 'adamw'] as const).map(
        (name): Call => [name, optim[name], [parameters(), {}]],
      ),
      ...option<object>(
        'adam',
        'learningRate weightDecay l1 penalized groups clip beta1 epsilon'.split(' '),
        given => optim.adam(parameters(), given),
      ),
      ['step', own.step, [gradients, {}]],
      ...option<object>('step', ['scale', 'skipNonFinite', 'watch'], given => own.step(gradients, given)),
      ...option<object>('step, watch', ['loss', 'finite'], given =>
        own.step(gradients, { watch: { loss: sum(x), finite: parameter(tensor(true)), ...given } }),
      ),
      ['load', own.load, [own.state()]],
      ['clipByValue', optim.clipByValue, [[x], 1]],
      ['clipByNorm', optim.clipByNorm, [[x], 1]],
      ['clipByGlobalNorm', optim.clipByGlobalNorm, [[x], 1]],
      ['globalNorm', optim.globalNorm, [[x]]],
      ['cosine', optim.cosine, [{ initial: 1, steps: 2 }]],
      ['warmUp', optim.warmUp, [1, { steps: 1 }]],
      ['reduceOnPlateau', optim.reduceOnPlateau, [{ initial: 1 }]],
      ['lossScale', optim.lossScale, [{}]],
    ],
  }
}

/** What a call comes to: nothing, where it is refused in our words or works. */
async function wrong(fn: Call[1], args: readonly unknown[]): Promise<string | null> {
  try {
    await fn(...(args as never[]))
    return null
  } catch (error) {
    const isTold = error instanceof RetrogradError && error.code !== 'internal'
    return isTold ? null : String(error)
  }
}

describe('is refused in words, or works', () => {
  test.each(['engine', 'data', 'nn', 'io', 'train', 'optim'])('%s', async room => {
    const found: string[] = []
    for (const [name, fn, args] of calls()[room] ?? [])
      for (const [place] of args.entries())
        for (const value of odd()) {
          const what = await wrong(fn, args.with(place, value))
          if (what) found.push(`${name}, argument ${place} ${String(value)}: ${what}`)
        }
    expect(found).toEqual([])
  })
})

test('what would be read as nothing at all is refused', () => {
  const refused: [expected: string, call: () => unknown][] = [
    ['[tableFrom] record 0 must be an object, not [1, 2].', () => data.tableFrom([[1, 2]] as never)],
    ["[tableFrom] records must be a list, not 'abc'.", () => data.tableFrom('abc' as never)],
    ['[kFold] the data is [1, 2], not a data set.', () => data.kFold([1, 2] as never)],
    [
      '[encoder] columns must be an object, not undefined.',
      () => data.encoder(data.tableFrom([{ a: 1 }]), undefined as never),
    ],
    ['[spiral] options must be an object, not 7.', () => data.spiral(4, 7 as never)],
    ['[column] row 0 must be a list', () => data.column({ columns: ['a'], rows: ['x' as never] }, 'a')],
    [
      '[layer] parameters must be an object, not 7.',
      () => nn.layer({ label: 'own', forward: x => x, parameters: 7 as never }),
    ],
    ['[layer] label must be text, not 7.', () => nn.layer({ label: 7 as never, forward: x => x })],
    ['[readCsv] gaps must be a list', () => readCsv('a\n1', { gaps: 'NA' as never })],
    ['[flatten] it takes 0 arguments, not 1.', () => nn.flatten(7 as never)],
    ["[use] body must be a function, not 'x'.", () => engine.use('x' as never)],
  ]
  for (const [expected, call] of refused) expect(call).toThrow(expected)
})
