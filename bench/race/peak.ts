// What the adapter can do at most, measured on an engine of its own.
import { type AdapterPeak, init, measurePeak as measureOn } from '../../src/index.ts'

export type { AdapterPeak }

/** Measures the adapter of a GPU object. */
export async function measurePeak(gpu: GPU): Promise<AdapterPeak> {
  const engine = await init({ backend: 'webgpu', gpu })
  try {
    return await measureOn(engine)
  } finally {
    engine.dispose()
  }
}
