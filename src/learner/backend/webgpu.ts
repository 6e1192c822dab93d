import { createRequire } from 'node:module'
import { tf } from '../tensorflow.js'
import type { Device } from '../types.js'
import { type AdapterAnswer, type AdapterInfo, askAdapter, isSoftware } from './adapter.js'
import { type Backend, Unavailable, whyNot } from './backend.js'
import { nvidiaDevices } from './device.js'
import { maxPoolGradientWith } from './kernels/webgpu-pool.js'
import { quietVulkan } from './vulkan.js'

const dawnPackage = 'webgpu'
const kernelsPackage = '@tensorflow/tfjs-backend-webgpu'

/*
 * What we use of Dawn and of the WebGPU standard. The packages are optional: there are no types to import.
 */
interface DawnPackage {
  create(options: readonly string[]): object
  /** GPUBuffer, GPUBufferUsage and the rest, which a browser has as globals. */
  readonly globals: object
}
interface GpuDevice {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>
  onuncapturederror: ((event: { readonly error: Error }) => void) | null
  destroy(): void
}
interface WebgpuBackend {
  readonly device: GpuDevice
  read(dataId: object): Promise<unknown>
  runWebGPUProgram(...args: unknown[]): unknown
  dispose(): void
}

/** Any GPU with a driver for Vulkan, Metal or Direct3D 12; no CUDA. */
export const webgpu: Backend = {
  name: 'webgpu',
  async start({ automatic, stopped }) {
    const info = await adapterInfo()
    if (automatic && isSoftware(info)) {
      throw new Unavailable(
        `only a driver that computes on the CPU (${info.description || info.device})`,
        'it is slow; --backend webgpu takes it all the same',
      )
    }
    const version = await startKernels(stopped)
    return { name: 'webgpu', device: await deviceOf(info), version, threads: 0 }
  },
}

async function adapterInfo(): Promise<AdapterInfo> {
  const require = createRequire(import.meta.url)
  for (const name of [dawnPackage, kernelsPackage]) {
    try {
      require.resolve(name)
    } catch (error) {
      throw new Unavailable(whyNot(name, error), `npm install ${dawnPackage} ${kernelsPackage}`, { cause: error })
    }
  }
  let answer: AdapterAnswer
  try {
    answer = await askAdapter(dawnPackage)
  } catch (error) {
    throw new Unavailable(
      `Dawn does not start (${lastWords(error)})`,
      'it is built for current systems on x64 and arm64; --backend node needs less',
      { cause: error },
    )
  }
  const { info, warning } = answer
  if (info !== undefined) return info
  const because = warning === undefined ? '' : ` (${warning})`
  throw new Unavailable(`Dawn finds no GPU that it can use${because}`, driverRemedy(process.platform))
}

/** What a failed program reported: its error's first line, or how it ended. */
function lastWords(error: unknown): string {
  const { stderr, signal, message } = error as { stderr?: string; signal?: string | null; message?: string }
  const said = stderr?.split('\n').find(line => /^\w*Error: /.test(line))
  return (said ?? (signal ? `ended by ${signal}` : (message ?? String(error)).split('\n', 1)[0]!)).slice(0, 300)
}

/** What gives a machine without an adapter one. */
export function driverRemedy(platform: NodeJS.Platform): string {
  switch (platform) {
    case 'linux':
      return "install a current Vulkan driver: the package mesa-vulkan-drivers (AMD, Intel, or software), or NVIDIA's own; in a container NVIDIA_DRIVER_CAPABILITIES=all"
    case 'darwin':
      return 'it needs a Mac with Metal'
    case 'win32':
      return 'install the driver of the graphics card, for Direct3D 12'
    default:
      return `Dawn finds none on ${platform}`
  }
}

let version: string | undefined

async function startKernels(stopped: () => boolean): Promise<string> {
  if (version !== undefined) {
    await tf.setBackend('webgpu')
    return version
  }
  quietVulkan()
  const dawn = (await import(dawnPackage)) as DawnPackage
  Object.assign(globalThis, dawn.globals)
  // Node has a navigator of its own from version 21 on.
  const world = globalThis as { navigator?: object }
  world.navigator ??= {}
  Object.defineProperty(world.navigator, 'gpu', { value: dawn.create([]), configurable: true })
  // Registers itself with TensorFlow.js, if navigator.gpu is there by now.
  await import(kernelsPackage)
  if (!(await tf.setBackend('webgpu'))) {
    throw new Unavailable('its device does not start', 'update the driver of the graphics card')
  }
  const poolGradient = tf.getKernel('MaxPoolGrad', 'webgpu').kernelFunc
  tf.unregisterKernel('MaxPoolGrad', 'webgpu')
  tf.registerKernel({
    kernelName: 'MaxPoolGrad',
    backendName: 'webgpu',
    kernelFunc: maxPoolGradientWith(poolGradient),
  })
  guard(tf.backend() as unknown as WebgpuBackend, stopped)
  const require = createRequire(import.meta.url)
  const versionOf = (name: string): string => (require(`${name}/package.json`) as { version: string }).version
  version = `${versionOf(kernelsPackage)}, Dawn ${versionOf(dawnPackage)}`
  return version
}

/**
 * WebGPU reports errors beside its work and goes on: after a failed allocation everything reads as zero. So no number
 * leaves the device once it has reported one. And a thread that is ended in the middle of a call to Dawn takes the process
 * with it, so no call begins once it is to end.
 */
function guard(backend: WebgpuBackend, stopped: () => boolean): void {
  let failure: string | undefined
  backend.device.onuncapturederror = event => {
    failure ??= event.error.message.split('\n', 1)[0]!
  }
  void backend.device.lost.then(({ reason, message }) => {
    if (reason !== 'destroyed') failure ??= `its device was lost (${message})`
  })
  const read = backend.read.bind(backend)
  backend.read = async dataId => {
    const values = await read(dataId)
    if (failure !== undefined) throw new Error(`WebGPU: ${failure}`)
    return values
  }
  const runWebGPUProgram = backend.runWebGPUProgram.bind(backend)
  backend.runWebGPUProgram = (...args) => {
    if (stopped()) throw new Error('WebGPU: the thread is to end')
    return runWebGPUProgram(...args)
  }
}

/**
 * Returns the GPU's memory and lets Dawn go; without that its threads keep the process alive. Nothing can be computed
 * afterwards.
 */
export function closeWebgpu(): void {
  if (version === undefined || tf.findBackend('webgpu') === null) return
  const backend = tf.findBackend('webgpu') as unknown as WebgpuBackend
  backend.dispose()
  backend.device.destroy()
  delete (globalThis as { navigator?: { gpu?: object } }).navigator?.gpu
}

/** An adapter knows its name; its memory only nvidia-smi reports, where that lists a GPU of this name. */
async function deviceOf(info: AdapterInfo): Promise<Device> {
  const name = info.device || info.description || `${info.vendor} ${info.architecture}`
  if (isSoftware(info)) return { kind: 'cpu', name: `${info.description || name}, software` }
  const known = info.vendor === 'nvidia' ? await nvidiaDevices() : []
  return known.find(device => plain(device.name) === plain(name)) ?? { kind: 'gpu', name }
}

/** WebGPU writes names in lower case with hyphens: "NVIDIA H100 80GB HBM3" is "nvidia-h100-80gb-hbm3". */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
}
