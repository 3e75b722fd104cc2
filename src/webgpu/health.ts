// The health of a device: what has gone wrong on it, told by the next call that needs it.
import { RetrogradError } from '../errors.ts'

/** Listens for what a device reports at no particular call. */
export class Health {
  private failure: RetrogradError | null = null
  private isDisposed = false

  constructor(private readonly device: GPUDevice) {
    device.addEventListener('uncapturederror', event => {
      const { error } = event as GPUUncapturedErrorEvent
      this.failure ??=
        error instanceof GPUOutOfMemoryError
          ? new RetrogradError('limit', `[webgpu] the GPU is out of memory: ${error.message}`)
          : new RetrogradError('internal', `internal: ${error.message}`)
    })
    void device.lost.then(info => {
      if (this.isDisposed) return
      this.failure = new RetrogradError(
        'lost',
        `[webgpu] the GPU device was lost: ${info.message || info.reason}. Make a new engine with init().`,
      )
    })
  }

  get hasFailed(): boolean {
    return this.failure !== null
  }

  /** Takes the word of one who knows the reason: the errors that follow from it may have been told before. */
  report(failure: RetrogradError): void {
    this.failure = failure
  }

  /** Throws what went wrong, in the name of `where`. */
  assert(where: string): void {
    if (!this.failure) return
    const { code, message } = this.failure
    throw new RetrogradError(code, message, { cause: where })
  }

  /** Waits for the GPU. Throws `lost`, with the reason, where the device goes away meanwhile. */
  async until(where: string, work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      // The rejection arrives before `lost` does: let that tell the reason.
      await Promise.race([this.device.lost, new Promise(resolve => setTimeout(resolve, 100))])
      this.assert(where)
      throw new RetrogradError(
        this.isDisposed ? 'disposed' : 'internal',
        `[${where}] the GPU gave up: ${String(error)}`,
        { cause: error },
      )
    }
  }

  dispose(): void {
    this.isDisposed = true
    this.device.destroy()
  }
}
