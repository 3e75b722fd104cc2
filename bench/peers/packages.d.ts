// The little of the peers' interfaces that the race uses, so that types can be checked where they are not installed.

/** jax-js: every function takes ownership of its arguments; `ref` keeps one for later. */
interface JaxArray {
  readonly ref: JaxArray
  readonly shape: number[]
  add(other: JaxArray | number): JaxArray
  sub(other: JaxArray | number): JaxArray
  mul(other: JaxArray | number): JaxArray
  div(other: JaxArray | number): JaxArray
  sum(axis?: number): JaxArray
  reshape(shape: number[]): JaxArray
  transpose(): JaxArray
  slice(...index: (number | readonly [number, number])[]): JaxArray
  data(): Promise<Float32Array>
  blockUntilReady(): Promise<JaxArray>
  dispose(): void
}

/** What compiled functions take and give: arrays nested in lists and objects. */
type JaxTree = JaxArray | readonly JaxTree[] | { readonly [key: string]: JaxTree }

interface Jax {
  init(device: string): Promise<string[]>
  defaultDevice(device: string): string
  jit<Arguments extends readonly JaxTree[], Result extends JaxTree>(
    fn: (...args: Arguments) => Result,
  ): ((...args: Arguments) => Result) & { dispose(): void }
  valueAndGrad<First extends JaxTree, Rest extends readonly JaxTree[]>(
    fn: (first: First, ...rest: Rest) => JaxArray,
  ): (first: First, ...rest: Rest) => [JaxArray, First]
  blockUntilReady<Tree extends JaxTree>(tree: Tree): Promise<Tree>
  readonly tree: {
    ref<Tree extends JaxTree>(tree: Tree): Tree
    dispose(tree: JaxTree | null): void
  }
  readonly numpy: {
    array(values: Float32Array | Int32Array, options?: { shape?: number[] }): JaxArray
    zeros(shape: readonly number[]): JaxArray
    zerosLike(x: JaxArray): JaxArray
    matmul(a: JaxArray, b: JaxArray): JaxArray
    dot(a: JaxArray, b: JaxArray): JaxArray
    abs(x: JaxArray): JaxArray
    exp(x: JaxArray): JaxArray
    log(x: JaxArray): JaxArray
    sqrt(x: JaxArray): JaxArray
    square(x: JaxArray): JaxArray
    negative(x: JaxArray): JaxArray
    sum(x: JaxArray, axis?: number): JaxArray
  }
  readonly nn: {
    relu(x: JaxArray): JaxArray
    logSoftmax(x: JaxArray): JaxArray
  }
}

/** TensorFlow.js. */
interface TfTensor {
  readonly shape: number[]
  add(other: TfTensor): TfTensor
  relu(): TfTensor
  sum(axis?: number): TfTensor
  slice(begin: number[], size: number[]): TfTensor
  data(): Promise<Float32Array>
  dispose(): void
}

interface TfOptimizer {
  minimize(f: () => TfTensor, returnCost: boolean, variables: TfTensor[]): TfTensor
  applyGradients(gradients: Record<string, TfTensor>): void
  dispose(): void
}

interface Tf {
  setBackend(name: string): Promise<boolean>
  ready(): Promise<void>
  getBackend(): string
  tensor(values: Float32Array | Int32Array, shape: readonly number[], dtype?: string): TfTensor
  variable(initial: TfTensor, trainable: boolean, name: string): TfTensor
  tidy<T>(body: () => T): T
  matMul(a: TfTensor, b: TfTensor, transposeA?: boolean, transposeB?: boolean): TfTensor
  valueAndGrad(f: (x: TfTensor) => TfTensor): (x: TfTensor) => { value: TfTensor; grad: TfTensor }
  readonly losses: {
    softmaxCrossEntropy(labels: TfTensor, logits: TfTensor): TfTensor
    sigmoidCrossEntropy(labels: TfTensor, logits: TfTensor): TfTensor
  }
  readonly train: {
    adam(learningRate: number, beta1: number, beta2: number, epsilon: number): TfOptimizer
  }
}
