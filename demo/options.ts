// The options of `npm start`: read, checked, and filled in where they depend on the machine.
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseOptions, word } from '../src/harness/command.ts'
import { nn } from '../src/index.ts'
import { CLASSES, PIXELS, TRAINING_DIGITS } from './mnist.ts'

/** What one run of training is made of. */
export interface TrainSettings {
  /** Units of each hidden layer. */
  readonly hidden: readonly number[]
  readonly activation: nn.ActivationName
  readonly epochs: number
  /** Digits a step. */
  readonly batchSize: number
  /** Of the first step; it falls to 0 in a straight line. */
  readonly learningRate: number
  /** Share of each hidden layer's units dropped in training. */
  readonly dropout: number
  readonly seed: number
  readonly backend: 'webgpu' | 'cpu'
  /** Mixed: float16 layers with float32 parameters, under a loss scale. */
  readonly precision: 'float32' | 'mixed'
  /** Digits trained on, from the first of the training set. */
  readonly samples: number
}

/** What the command line says; `samples` and `epochs` are left open until the adapter is known. */
export interface CommandLine extends Omit<TrainSettings, 'samples' | 'epochs'> {
  readonly samples?: number
  readonly epochs?: number
  readonly json: boolean
  /** Run this example instead; true: list them. */
  readonly example?: string | true
  /** Whether an example may take all the data and time it can use. */
  readonly full: boolean
  /** The folder for an example's pictures. */
  readonly out: string
}

const activations = Object.keys(nn.activations)

/** Options that examples do not take. */
const ofTraining = [
  'hidden',
  'activation',
  'epochs',
  'batchSize',
  'learningRate',
  'dropout',
  'backend',
  'precision',
  'samples',
]

/** Reads the command line. `--help` prints what there is and gives null. Throws UsageError. */
export function parseCommandLine(argv: readonly string[]): CommandLine | null {
  const command = new Command('npm start --')
    .description('Trains a multilayer perceptron on the MNIST digits, in headless Chrome.')
    .option('--hidden <sizes>', 'units of each hidden layer', sizes, [1024, 1024])
    .addOption(
      new Option('--activation <name>', activations.join(', ')).default('relu').argParser(word(activations)),
    )
    .option(
      '--epochs <count>',
      'passes over the digits (default: 5, on a software adapter or the CPU 1)',
      whole(1, 10_000),
    )
    .option('--batch-size <count>', 'digits a step', whole(1, TRAINING_DIGITS), 128)
    .option(
      '--learning-rate <rate>',
      "Adam's step length at first; it falls to 0 in a straight line",
      positive,
      1e-3,
    )
    .option('--dropout <share>', 'share of the hidden units dropped in training', share, 0)
    .option('--seed <number>', 'the same seed gives the same run', whole(0, Number.MAX_SAFE_INTEGER), 0)
    .addOption(
      new Option('--backend <name>', 'webgpu, or cpu: the reference, in plain loops')
        .default('webgpu')
        .argParser(word(['webgpu', 'cpu'])),
    )
    .addOption(
      new Option(
        '--precision <name>',
        'float32, or mixed: float16 layers with float32 parameters, where the GPU has shader-f16',
      )
        .default('float32')
        .argParser(word(['float32', 'mixed'])),
    )
    .option(
      '--samples <count>',
      `digits to train on (default: all ${TRAINING_DIGITS}, on a software adapter or the CPU a share)`,
      whole(1, TRAINING_DIGITS),
    )
    .option('--json', 'print one JSON object; progress goes to stderr', false)
    .addOption(
      new Option(
        '--example [name]',
        'run an example instead, with --seed, --full, --json and --out; without a name: list them',
      ).conflicts(ofTraining),
    )
    .option('--full', 'give an example all the data and time it can use: minutes', false)
    .option('--out <folder>', 'where examples write pictures', 'dist/examples')
  return parseOptions<CommandLine>(command, argv)
}

function digits(text: string, most: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return number <= most ? number : Number.NaN
}

function whole(least: number, most: number): (text: string) => number {
  return text => {
    const number = digits(text, most)
    if (number >= least) return number
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}

function sizes(text: string): number[] {
  const list = text.split(',').map(size => digits(size.trim(), 2 ** 16))
  if (list.every(size => size > 0)) return list
  throw new InvalidArgumentError('It must be whole numbers from 1 to 65536 with commas between: 1024,1024.')
}

/** A number in JavaScript's notation; `Number` alone takes '' and '0x10' too. */
const decimal = (text: string): number =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN

function positive(text: string): number {
  const number = decimal(text)
  if (number > 0 && Number.isFinite(number)) return number
  throw new InvalidArgumentError('It must be a number above 0.')
}

function share(text: string): number {
  const number = decimal(text)
  if (number >= 0 && number < 1) return number
  throw new InvalidArgumentError('It must be a number from 0 to below 1.')
}

/** What slow machines are given to do by default, in floating-point operations of training. */
const budgets = { software: 1.5e11, cpu: 2e10 }

/**
 * Fills in what the command line left open. A GPU takes all digits and five epochs; where none is, one epoch over so
 * many whole batches as the budget allows. No clock is asked: the same options give the same run.
 */
export function completeSettings(options: CommandLine, machine: 'gpu' | 'software' | 'cpu'): TrainSettings {
  const { json: _, example: _example, out: _out, full: _full, ...given } = options
  if (machine === 'gpu')
    return { ...given, samples: given.samples ?? TRAINING_DIGITS, epochs: given.epochs ?? 5 }
  const sizes = [PIXELS, ...given.hidden, CLASSES]
  const weights = sizes.slice(1).reduce((sum, size, i) => sum + size * (sizes[i] ?? 0), 0)
  const epochs = given.epochs ?? 1
  // Two operations a weight in each of three products: forward, and the gradients of weights and of activations.
  const batches = Math.floor(budgets[machine] / (6 * weights * given.batchSize * epochs))
  const share = Math.min(TRAINING_DIGITS, Math.max(1, batches) * given.batchSize)
  return { ...given, samples: given.samples ?? share, epochs }
}
