// What to tell people about their GPU, in plain words: there is none and why, it is one in software, it went away.

/** A banner. `action` is a button in it. */
export interface Notice {
  readonly kind: 'info' | 'warning' | 'error'
  readonly title: string
  readonly text: string
  readonly action?: { readonly label: string; readonly run: () => void }
}

/** Where work runs: what workers hand to `startEngine`. 'auto' tries the GPU. */
export type BackendChoice = 'auto' | 'cpu'

const onCpu = (why: string, remedy: string): Notice => ({
  kind: 'warning',
  title: 'Running without the GPU',
  text: `${why} The page computes on the CPU instead, which does for small networks. ${remedy}`,
})

/**
 * Why there is no GPU, for pages and workers; null if there is one. `losses` counts how often this page has lost its
 * device: browsers refuse a GPU to a page that has crashed it twice, until it is reloaded.
 */
export async function whyNoGpu({ losses = 0 }: { losses?: number } = {}): Promise<Notice | null> {
  if (!globalThis.isSecureContext)
    return onCpu(
      'This page was not loaded securely, and browsers give the GPU to secure pages only.',
      'Open it over https, or from localhost.',
    )
  // Typed as always there, which it is not.
  const gpu = navigator.gpu as GPU | undefined
  if (!gpu)
    return onCpu(
      'This browser does not offer WebGPU, the way for pages to use the graphics card.',
      'Try a current Chrome, Edge, Safari or Firefox.',
    )
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)
  if (adapter) return null
  if (losses > 0)
    return onCpu(
      'The GPU went away more than once, and the browser does not give it to this page again.',
      'Reload the page to get it back, and download first what you want to keep.',
    )
  return onCpu(
    'This browser has WebGPU but no graphics card for it: there is none, its driver is blocked, or acceleration is off.',
    'In Chrome, look at chrome://gpu and at Settings, System, “Use graphics acceleration”.',
  )
}

/** Tells that the GPU is one in software. */
export const softwareGpu = (description: string): Notice => ({
  kind: 'info',
  title: 'Running on a GPU in software',
  text: `The browser stands in for a graphics card with the processor (${description}): results are right, but slow.`,
})

/** Tells that the GPU went away in the middle of the work; `resume` starts a new worker from what the page has kept. */
export const lostGpu = (kept: string, label: string, resume: () => void): Notice => ({
  kind: 'error',
  title: 'The GPU went away',
  text: `The browser took it back: its driver crashed or was reset, or the machine slept. ${kept}`,
  action: { label, run: resume },
})
