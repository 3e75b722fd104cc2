// Finding an adapter and a device, and saying plainly why there is none.
import type { AdapterReport } from '../backend.ts'
import { fail, RetrogradError } from '../errors.ts'
import type { DeviceTraits } from '../kernel.ts'

/** Features asked for wherever the adapter has them. */
const WANTED = ['shader-f16', 'subgroups', 'timestamp-query'] as const

/** Limits raised to what the adapter allows. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxDynamicStorageBuffersPerPipelineLayout',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupsPerDimension',
] as const

export interface OpenDevice {
  readonly device: GPUDevice
  readonly report: AdapterReport
  readonly traits: DeviceTraits
}

/** The GPU object of this environment. Throws `unsupported` with the reason there is none. */
function findGpu(gpu: GPU | undefined): GPU {
  if (gpu) return gpu
  if (typeof navigator !== 'undefined' && navigator.gpu) return navigator.gpu
  if (typeof globalThis.isSecureContext === 'boolean' && !globalThis.isSecureContext) {
    fail(
      'unsupported',
      'init',
      'this page is not secure, and browsers give WebGPU to secure pages only.',
      'Serve it over https or from localhost.',
    )
  }
  return fail(
    'unsupported',
    'init',
    'there is no WebGPU here: navigator.gpu is missing.',
    "Use a browser with WebGPU, pass { gpu } (Dawn in Node.js), or init({ backend: 'cpu' }).",
  )
}

/** Opens a device: the caller's, or the best the adapter gives. */
export async function openDevice(gpu: GPU | undefined, given: GPUDevice | undefined): Promise<OpenDevice> {
  if (given) return describe(given, given.adapterInfo, gpu)
  const found = findGpu(gpu)
  const adapter = await found.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) {
    fail(
      'unsupported',
      'init',
      'WebGPU is here, but it has no adapter: the GPU is blocked, or there is none.',
      "Check chrome://gpu, or use init({ backend: 'cpu' }).",
    )
  }
  const requiredFeatures = WANTED.filter(feature => adapter.features.has(feature))
  const requiredLimits = Object.fromEntries(LIMITS.map(name => [name, adapter.limits[name]]))
  try {
    return describe(await adapter.requestDevice({ requiredFeatures, requiredLimits }), adapter.info, found)
  } catch (error) {
    throw new RetrogradError('unsupported', `[init] the adapter gave no device: ${String(error)}`, {
      cause: error,
    })
  }
}

function describe(device: GPUDevice, info: GPUAdapterInfo, gpu: GPU | undefined): OpenDevice {
  const { limits } = device
  const description = info.description || info.device || `${info.vendor} ${info.architecture}`.trim()
  const isSoftware = /swiftshader|llvmpipe|lavapipe|software|cpu/i.test(
    `${info.vendor} ${info.architecture} ${info.device} ${info.description}`,
  )
  const isFallback = isSoftware || info.isFallbackAdapter === true
  return {
    device,
    report: {
      vendor: info.vendor,
      architecture: info.architecture,
      description,
      isFallback,
      features: [...device.features].sort(),
      limits: Object.fromEntries(LIMITS.map(name => [name, limits[name]])),
    },
    traits: {
      isSoftware: isFallback,
      subgroups: device.features.has('subgroups'),
      subgroupMinSize: info.subgroupMinSize ?? 4,
      subgroupId: gpu?.wgslLanguageFeatures.has('subgroup_id') ?? false,
      float16: device.features.has('shader-f16'),
      maxInvocations: limits.maxComputeInvocationsPerWorkgroup,
      maxWorkgroupBytes: limits.maxComputeWorkgroupStorageSize,
      maxStorageBuffers: limits.maxStorageBuffersPerShaderStage,
    },
  }
}
