import { HearsayError } from '../../errors.js'
import { tf } from '../tensorflow.js'
import type { BackendName, BackendReport } from '../types.js'
import { type Backend, Unavailable } from './backend.js'
import { node } from './node.js'
import { nodeGpu } from './node-gpu.js'
import { wasmBackend } from './wasm.js'
import { closeWebgpu, webgpu } from './webgpu.js'

/** What a caller may decide beside the backend's name. */
export interface LoadOptions {
  /** Best first. */
  readonly candidates?: readonly Backend[]
  /** True once the thread is to end. @default never */
  stopped?(): boolean
}

/** Best first: the order in which `auto` tries them. */
export const backends: readonly Backend[] = [nodeGpu, webgpu, node, wasmBackend]

/**
 * Starts the requested backend in this thread. `auto` takes the best that starts and reports why not a better one; a
 * backend requested by name starts or fails, and is never replaced in silence.
 *
 * @param threads - TensorFlow threads in this worker; 0 leaves it to the library
 * @throws {@link HearsayError} `BACKEND`, with what to do about it on this machine
 */
export async function loadBackend(
  wanted: 'auto' | BackendName,
  threads: number,
  { candidates = backends, stopped = () => false }: LoadOptions = {},
): Promise<BackendReport> {
  // Argument checks in every operation cost a tenth of a small model's step; our tests run without this switch.
  tf.env().set('PROD', true)
  if (wanted === 'auto') return loadBest(threads, candidates, stopped)
  const backend = candidates.find(({ name }) => name === wanted)
  if (backend === undefined) {
    throw new HearsayError(
      'BACKEND',
      `backend ${wanted}: none of this program's modules has it; name the one that does`,
    )
  }
  try {
    return { ...(await backend.start({ threads, automatic: false, stopped })), reasons: [] }
  } catch (error) {
    throw new HearsayError('BACKEND', `backend ${wanted}: ${messageOf(error)}`, { cause: error })
  }
}

/** Gives back what lies outside JavaScript's memory: of the others, the thread's end does that. */
export function closeBackend(): void {
  closeWebgpu()
}

async function loadBest(
  threads: number,
  candidates: readonly Backend[],
  stopped: () => boolean,
): Promise<BackendReport> {
  const reasons: string[] = []
  for (const backend of candidates) {
    try {
      return { ...(await backend.start({ threads, automatic: true, stopped })), reasons }
    } catch (error) {
      // Whatever hinders one backend, even a bug in its driver, must not keep a lesser one from training.
      reasons.push(`${backend.name}: ${error instanceof Unavailable ? error.reason : messageOf(error)}`)
    }
  }
  throw new HearsayError('BACKEND', `no backend starts: ${reasons.join('; ')}`)
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!
}
