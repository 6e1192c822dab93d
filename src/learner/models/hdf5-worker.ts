import { parentPort, workerData } from 'node:worker_threads'
import { type Hdf5Limits, hdf5Contents } from './hdf5-contents.js'

const { bytes, limits } = workerData as { readonly bytes: ArrayBuffer; readonly limits: Hdf5Limits }
try {
  parentPort!.postMessage({ ok: true, contents: hdf5Contents(bytes, limits) })
} catch (error) {
  // jsfive throws texts too.
  parentPort!.postMessage({ ok: false, reason: error instanceof Error ? error.message : String(error) })
}
