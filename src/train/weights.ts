// The weights of the best epoch, kept on the GPU beside the model's own.
import { compile } from '../compile.ts'
import type { Layer } from '../nn/layer.ts'
import { assignTo, filledParameter } from '../ops/parameter.ts'
import type { Parameter } from '../tensor.ts'

/** A copy of a model's parameters and buffers, taken and put back by one submit each. */
export class Weights {
  private readonly own: readonly Parameter[]
  private readonly kept: readonly Parameter[]
  readonly save: () => void
  readonly restore: () => void
  private readonly copies: readonly { dispose(): void }[]

  constructor(model: Layer) {
    this.own = [...model.parameters(), ...model.buffers()]
    this.kept = this.own.map(({ shape, dtype, engine }) => filledParameter(shape, 0, { dtype, engine }))
    const copier = (targets: readonly Parameter[], sources: readonly Parameter[]) =>
      compile(
        () => {
          targets.forEach((target, i) => {
            assignTo(target, sources[i] as Parameter)
          })
        },
        targets[0] ? { engine: targets[0].engine } : {},
      )
    const [save, restore] = [copier(this.kept, this.own), copier(this.own, this.kept)]
    this.save = () => save()
    this.restore = () => restore()
    this.copies = [save, restore]
  }

  dispose(): void {
    for (const item of [...this.copies, ...this.kept]) item.dispose()
  }
}
