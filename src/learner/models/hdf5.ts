import { Worker } from 'node:worker_threads'
import { HearsayError } from '../../errors.js'
import { type Hdf5Contents, type Hdf5Limits, hdf5Limits } from './hdf5-contents.js'

export interface Hdf5Reading extends Hdf5Limits {
  /** A file of 1 GB takes some 20 s. */
  readonly readMs: number
}

export const hdf5Reading: Hdf5Reading = { ...hdf5Limits, readMs: 120_000 }

type Answer = { readonly ok: true; readonly contents: Hdf5Contents } | { readonly ok: false; readonly reason: string }

/**
 * Reads an HDF5 file in a thread of its own, which is ended when it takes too long: see {@link hdf5Contents}.
 *
 * @param source - what errors call the file
 * @throws {@link HearsayError} `MODEL` when it is damaged, too large or too slow to read
 */
export async function readHdf5(
  bytes: Uint8Array,
  source: string,
  { readMs, ...limits }: Hdf5Reading = hdf5Reading,
): Promise<Hdf5Contents> {
  const copy = bytes.slice().buffer
  const url = new URL(import.meta.resolve('#learner/hdf5'))
  // Its own streams: the reader prints to them now and then.
  const worker = new Worker(url, {
    workerData: { bytes: copy, limits },
    transferList: [copy],
    stdout: true,
    stderr: true,
  })
  let timer: NodeJS.Timeout | undefined
  try {
    const answer = await new Promise<Answer>((resolve, reject) => {
      const refuse = (reason: string): void => resolve({ ok: false, reason })
      timer = setTimeout(() => refuse(`it takes more than ${readMs / 1000} s to read`), readMs)
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', () => refuse('its reader has ended'))
    })
    if (answer.ok) return answer.contents
    throw new HearsayError(
      'MODEL',
      `cannot be read as HDF5 (${answer.reason.split('\n', 1)[0]}); save the model again with model.save("model.keras")`,
      { source },
    )
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}
