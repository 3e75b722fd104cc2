// The words of the benchmark's command line, and what is raced.
import { Command, InvalidArgumentError } from 'commander'
import { expect, test } from 'vitest'
import { repetitionCount, workloadList, workloadOption } from '../../bench/options.ts'
import {
  bytesOf,
  describeWorkload,
  findWorkloads,
  idealBytes,
  operationsOf,
  parameterCount,
  workloads,
} from '../../bench/race/workloads.ts'

const names = (text: string) => workloadList(text).map(({ name }) => name)

test('workloads are named alone and in groups, in any case, each once and in the order of the table', () => {
  expect(names('w1, W3')).toEqual(['W3', 'W1'])
  expect(names('matmul256')).toEqual(['matmul256NN', 'matmul256NT', 'matmul256TN'])
  expect(names('matmul256TN,matmul256')).toEqual(['matmul256NN', 'matmul256NT', 'matmul256TN'])
  expect(names('training')).toEqual(['W3', 'W2', 'W1', 'W4'])
})

test('a misspelt workload is told with the nearest', () => {
  expect(() => workloadList('colunmSum')).toThrow(InvalidArgumentError)
  expect(() => workloadList('colunmSum')).toThrow('Did you mean columnSum?')
})

test('the help is for people: all workloads are called all', () => {
  const command = new Command('race').addOption(workloadOption('W1,adam'))
  expect(command.helpInformation()).toMatch(/--workload <names> {2}only these: W1,adam \(default: all\)\n/)
  expect(command.parse([], { from: 'user' }).opts().workload).toEqual(workloads)
})

test.each(['0', '-1', '2.5', '', '1001', '1e2'])('repetitions %j are refused', text => {
  expect(() => repetitionCount(text)).toThrow(InvalidArgumentError)
})

test('repetitions are whole numbers', () => {
  expect(repetitionCount('7')).toBe(7)
})

test('every workload has a name of its own, words and work', () => {
  expect(new Set(workloads.map(({ name }) => name)).size).toBe(workloads.length)
  for (const workload of workloads) {
    expect(describeWorkload(workload)).not.toBe('')
    expect(bytesOf(workload)).toBeGreaterThan(0)
  }
})

test('the work of a small network is what one counts by hand', () => {
  const [small] = findWorkloads('W3')
  if (small?.kind !== 'training') throw new Error('W3 is no training')
  expect(parameterCount(small.sizes)).toBe(2 * 8 + 8 + (8 * 8 + 8) + (8 + 1))
  // Products forward, dW of each layer, and dX of all but the first.
  expect(operationsOf(small)).toBe(2 * 16 * (88 + 88 + 72))
  // 16 rows of 2 inputs, a label and 17 activations; four numbers for each of 105 parameters.
  expect(idealBytes(small)).toBe(4 * (16 * 2 + 16 + 4 * 105 + 16 * 17))
})
