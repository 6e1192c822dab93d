import { availableParallelism } from 'node:os'
import type { Samples, Standardisation } from '../data/dataset.js'
import { allocate } from '../tensors/index.js'
import { JobQueue } from './jobs.js'
import type { Answers, DataReference } from './messages.js'
import { type LearnerThread, startThread } from './thread.js'
import type { JobOptions, LearnerPool, LearnerPoolInit } from './types.js'

/** Standardised inputs that all workers together keep on their devices (see residents.ts). */
const residentBytes = 2 ** 30

/** More threads than any machine this runs on has cores; bounds a slip of the hand on the command line. */
const workerLimit = 256

/**
 * Starts the threads, the backend in each, and the model.
 *
 * @throws {@link HearsayError} `BACKEND` when the backend asked for does not load, `MODEL` when the model is not
 *   allowed or does not fit; the signal's reason when aborted. No thread is left behind
 */
export async function createLearnerPool(init: LearnerPoolInit, options: JobOptions = {}): Promise<LearnerPool> {
  const { signal } = options
  signal?.throwIfAborted()
  const wished = Math.min(workerLimit, init.workers ?? availableParallelism())
  const threads: LearnerThread[] = []
  const closeAll = async (): Promise<void> => void (await Promise.all(threads.map(thread => thread.close())))
  const start = (): Promise<Answers['start']> => {
    const thread = startThread()
    threads.push(thread)
    return thread.call<'start'>({
      type: 'start',
      backend: init.backend,
      threads: wished > 1 ? 1 : 0,
      model: init.model,
      inputShape: init.inputShape,
      classes: init.classes,
      seed: init.seed,
      residentBytes: Math.floor(residentBytes / wished),
    })
  }
  const onAbort = (): void => void closeAll()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const first = await start()
    const workers = init.workers === undefined && first.backend.name === 'node-gpu' ? 1 : wished
    await Promise.all(Array.from({ length: workers - 1 }, start))
    signal?.throwIfAborted()
    return poolOf(threads, first)
  } catch (error) {
    await closeAll()
    throw signal?.aborted ? signal.reason : error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

function poolOf(
  threads: readonly LearnerThread[],
  { backend, layout, headLayer, initial }: Answers['start'],
): LearnerPool {
  const queue = new JobQueue(threads)
  const references = createReferences(key => queue.forget(key))

  const checkLength = (parameters: Float32Array): void => {
    if (parameters.length === layout.size) return
    throw new RangeError(`${parameters.length} parameters for a model of ${layout.size}`)
  }
  const evaluate: LearnerPool['evaluate'] = async (parameters, samples, standardisation, options) => {
    checkLength(parameters)
    const data = references(samples, standardisation)
    const answer = await queue.submit<'evaluate'>(
      state => ({ type: 'evaluate', state, data, parameters }),
      data.key,
      options?.signal,
    )
    return answer!
  }

  return {
    backend,
    layout,
    headLayer,
    workers: threads.length,
    initialParameters() {
      const parameters = allocate(layout)
      parameters.set(initial)
      return parameters
    },
    learner: ({ samples, standardisation }, peer) => ({
      async train(parameters, round, training, options) {
        checkLength(parameters)
        checkShared(parameters, 'parameters')
        const data = references(samples, standardisation)
        const report = await queue.submit<'train'>(
          state => ({ type: 'train', state, data, parameters, peer, round, training }),
          data.key,
          options?.signal,
        )
        return report!
      },
      evaluate: (parameters, other, options) => evaluate(parameters, other, standardisation, options),
    }),
    evaluate,
    memory: () => Promise.all(threads.map(thread => thread.call<'memory'>({ type: 'memory' }))),
    close: () => queue.close(),
  }
}

/**
 * Numbers every pair of samples and standardisation. Neither is kept alive by it: when one of the two is collected,
 * `forget` is told, so that the workers free what they hold of it.
 */
function createReferences(
  forget: (key: number) => void,
): (samples: Samples, standardisation: Standardisation) => DataReference {
  const keys = new WeakMap<Samples, WeakMap<Standardisation, number>>()
  const registry = new FinalizationRegistry<number>(forget)
  let next = 0
  return (samples, standardisation) => {
    const { inputs, labels, size } = samples
    checkShared(inputs, 'samples')
    checkShared(labels, 'labels')
    const ofSamples = keys.get(samples) ?? new WeakMap<Standardisation, number>()
    keys.set(samples, ofSamples)
    const key = ofSamples.get(standardisation) ?? next++
    if (!ofSamples.has(standardisation)) {
      ofSamples.set(standardisation, key)
      registry.register(samples, key)
      registry.register(standardisation, key)
    }
    return { key, inputs, labels, size, standardisation }
  }
}

/** What is not on shared memory would be copied to the worker whole, or changed in the worker's copy only. */
function checkShared(array: ArrayBufferView, name: string): void {
  if (!(array.buffer instanceof SharedArrayBuffer)) throw new TypeError(`${name} must lie on shared memory`)
}
