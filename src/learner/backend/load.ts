import { HearsayError } from '../../errors.js'
import { tf } from '../tensorflow.js'
import type { BackendName, BackendReport, LoadedBackend } from '../types.js'
import { loadNative, type NativePackageName } from './native.js'
import { loadWasm } from './wasm.js'

const gpuPackage = '@tensorflow/tfjs-node-gpu'
const cpuPackage = '@tensorflow/tfjs-node'

/**
 * Starts the backend asked for in this thread. `auto` takes the best that loads and says why not a better one; a
 * backend asked for by name starts or fails, and is never replaced in silence.
 *
 * @param threads - TensorFlow threads in this worker; 0 leaves it to the library
 * @throws {@link HearsayError} `BACKEND`
 */
export async function loadBackend(wanted: 'auto' | BackendName, threads: number): Promise<BackendReport> {
  // Argument checks in every operation cost a tenth of a small model's step; our tests run without this switch.
  tf.env().set('PROD', true)
  switch (wanted) {
    case 'wasm':
      return { ...(await loadWasm()), reasons: [] }
    case 'node-gpu':
      return { ...(await loadGpu(threads)), reasons: [] }
    case 'node':
      return { ...(await loadCpu(threads)), reasons: [] }
    case 'auto':
      return loadBest(threads)
  }
}

async function loadGpu(threads: number): Promise<LoadedBackend> {
  let backend: LoadedBackend
  try {
    backend = await loadNative(gpuPackage, threads, true)
  } catch (error) {
    throw new HearsayError(
      'BACKEND',
      `backend node-gpu: ${whyNot(gpuPackage, error)}; install it (npm install ${gpuPackage}) or use --backend auto`,
      { cause: error },
    )
  }
  if (backend.name === 'node-gpu') return backend
  throw new HearsayError(
    'BACKEND',
    `backend node-gpu: ${gpuPackage} sees no GPU; check nvidia-smi and the CUDA libraries, or use --backend node`,
  )
}

async function loadCpu(threads: number): Promise<LoadedBackend> {
  const reasons: string[] = []
  for (const name of [cpuPackage, gpuPackage] as const) {
    try {
      return await loadNative(name, threads, false)
    } catch (error) {
      reasons.push(whyNot(name, error))
    }
  }
  throw new HearsayError(
    'BACKEND',
    `backend node: ${reasons.join('; ')}; install one (npm install ${cpuPackage}) or use --backend wasm`,
  )
}

async function loadBest(threads: number): Promise<BackendReport> {
  const reasons: string[] = []
  for (const name of [gpuPackage, cpuPackage] as const) {
    try {
      const backend = await loadNative(name, threads, true)
      if (backend.name === 'node' && name === gpuPackage) reasons.push(`${name} sees no GPU`)
      return { ...backend, reasons }
    } catch (error) {
      reasons.push(whyNot(name, error))
    }
  }
  return { ...(await loadWasm()), reasons }
}

/** One line on why a package did not load. */
function whyNot(name: NativePackageName, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const message = error instanceof Error ? error.message : String(error)
  const absent = (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(`'${name}'`)
  return absent ? `${name} is not installed` : `${name} does not load (${message.split('\n', 1)[0]})`
}
