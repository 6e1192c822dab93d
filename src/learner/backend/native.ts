import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { tf } from '../tensorflow.js'
import { installedNative } from './installed.js'

/** What we use of tfjs-node beyond the core, both packages alike. They are optional: there are no types to import. */
interface NativePackage {
  readonly version: { readonly 'tfjs-node': string }
}
interface NativeBackend {
  readonly isUsingGpuDevice: boolean
  readonly binding: { readonly TF_Version: string }
}

export type NativePackageName = '@tensorflow/tfjs-node-gpu' | '@tensorflow/tfjs-node'

/** A native package that computes. */
export interface NativeLoaded {
  /** Of the package, and of the library under it. */
  readonly version: string
  /** It found a GPU and computes there. */
  readonly gpu: boolean
}

/**
 * Loads a native package. It reads its settings from the process's real environment while it loads, so these are set
 * here, by a thread that shares it.
 *
 * @param threads - TensorFlow threads; 0 leaves the choice to the library. One each is right where several workers
 *   share the cores, and for small models even alone (DESIGN.md: an MLP step takes 2.6 ms instead of 4.5)
 * @param useGpu - false hides the GPU from a package that could use it
 * @throws whatever hinders loading: not installed, not built, a missing library
 */
export async function loadNative(
  packageName: NativePackageName,
  threads: number,
  useGpu: boolean,
): Promise<NativeLoaded> {
  // 2: errors only. The library otherwise greets with its CPU features on stderr.
  process.env.TF_CPP_MIN_LOG_LEVEL ||= '2'
  // On processors with AVX-512 for neural networks the library would put oneDNN's operations in place of its own, and
  // greet with two lines that no level silences; ours are called by name. Not '0', by which a user goes without them.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= 'false'
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true'
  // The order in which nvidia-smi lists them, so that a GPU is called by its own name.
  process.env.CUDA_DEVICE_ORDER ??= 'PCI_BUS_ID'
  if (threads > 0) {
    process.env.TF_NUM_INTRAOP_THREADS = String(threads)
    process.env.TF_NUM_INTEROP_THREADS = String(threads)
    // A graph then runs on the thread that asks for it. Otherwise all workers' graphs would wait for one thread.
    if (threads === 1 && !useGpu) process.env.TF_NUM_INTEROP_THREADS = '-1'
  }
  if (!useGpu) process.env.CUDA_VISIBLE_DEVICES = '-1'

  const loaded = await keptLoaded(() => importNative(packageName))
  await tf.setBackend('tensorflow')
  const backend = tf.backend() as unknown as NativeBackend
  return {
    version: `${loaded.version['tfjs-node']}, TensorFlow ${backend.binding.TF_Version}`,
    gpu: backend.isUsingGpuDevice,
  }
}

/**
 * What `hearsay backend install` has put in Hearsay's own folder goes before node_modules; it is one package for CPU
 * and GPU. It has a tfjs-core of its own, which is harmless: engine, kernels and gradients are kept in a global that
 * all copies share.
 */
async function importNative(packageName: NativePackageName): Promise<NativePackage> {
  const installed = installedNative()
  if (installed === undefined) return (await import(packageName)) as NativePackage
  return createRequire(installed.entry)(installed.entry) as NativePackage
}

/** dlopen's RTLD_NODELETE, which node:os does not list. Windows never unloads a library whose threads still run. */
const keepLoaded: Partial<Record<NodeJS.Platform, number>> = { linux: 0x1000, darwin: 0x80 }

/**
 * Native libraries that `load` opens stay in memory until the process ends. Otherwise Node takes a library out with the
 * last worker that uses it, while TensorFlow's threads and exit handlers still point into it: the process then ended
 * with a segmentation fault after all work was done.
 */
async function keptLoaded<T>(load: () => Promise<T>): Promise<T> {
  const flag = keepLoaded[process.platform]
  if (flag === undefined) return load()
  const dlopen = process.dlopen
  process.dlopen = (module, filename, flags = constants.dlopen.RTLD_LAZY) => {
    dlopen.call(process, module, filename, flags | flag)
  }
  try {
    return await load()
  } finally {
    process.dlopen = dlopen
  }
}
