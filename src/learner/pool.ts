import { availableParallelism } from 'node:os'
import { allocate } from '../tensors/index.js'
import { abortable, JobQueue } from './jobs.js'
import type { Answers } from './messages.js'
import { checkShared, createReferences } from './references.js'
import { TrainingStack, type TrainParts } from './stacks.js'
import { errorOf, type LearnerThread, startThread } from './thread.js'
import type { BackendName, JobOptions, Learner, LearnerPool, LearnerPoolInit, PeerData } from './types.js'

/** Standardised inputs that all workers together keep on their devices (see residents.ts). */
const residentBytes = 2 ** 30

/** These share one GPU, where a second worker would only wait for the first and hold its memory once more. */
const oneWorker: readonly BackendName[] = ['node-gpu', 'webgpu']

/**
 * These take their steps no faster on two cores than on one: waking threads costs what they save. 2.5 ms a step on one
 * and 3.6 on two (mlp), about the same (lenet5); the cnn's take 57 and 48 (`npm run bench -- train`).
 */
const singleThreaded: readonly LearnerPoolInit['model']['kind'][] = ['logistic', 'mlp', 'lenet5']

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
  const start = (backend: LearnerPoolInit['backend']): Promise<Answers['start']> => {
    const thread = startThread()
    threads.push(thread)
    return thread.call<'start'>({
      type: 'start',
      backend,
      threads: init.threads ?? (wished > 1 || singleThreaded.includes(init.model.kind) ? 1 : 0),
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
    const first = await start(init.backend)
    const workers = init.workers === undefined && oneWorker.includes(first.backend.name) ? 1 : wished
    await Promise.all(Array.from({ length: workers - 1 }, () => start(first.backend.name)))
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
  { backend, layout, headLayer, initial, stackLimit }: Answers['start'],
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
    const ask = (state: Int32Array): Promise<Answers['evaluate']> =>
      queue.submit<'evaluate'>({ type: 'evaluate', state, data, parameters }, [data.key])
    return (await abortable(options?.signal, ask))!
  }
  const train: TrainParts = (parts, round, training) =>
    queue.submit<'train'>(
      { type: 'train', parts, round, training },
      parts.map(({ data }) => data.key),
    )
  const learnerIn =
    (stack: TrainingStack) =>
    ({ samples, standardisation }: PeerData, peer: number): Learner => ({
      async train(parameters, round, training, options) {
        checkLength(parameters)
        checkShared(parameters, 'parameters')
        const data = references(samples, standardisation)
        const outcome = await abortable(
          options?.signal,
          state => stack.train({ state, data, parameters, peer }, round, training),
          () => stack.leave(peer),
        )
        if ('error' in outcome!) throw errorOf(outcome.error)
        return outcome!.report
      },
      evaluate: (parameters, other, options) => evaluate(parameters, other, standardisation, options),
      leave: () => stack.leave(peer),
    })

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
    learner: (data, peer) => learnerIn(new TrainingStack([], train))(data, peer),
    learners(peers) {
      // Two stacks a worker: while one is trained, the other's peers exchange what they have learnt.
      const size = Math.max(1, Math.min(stackLimit, Math.floor(peers.length / (2 * threads.length))))
      const stacks = Array.from({ length: Math.ceil(peers.length / size) }, (_, place) => {
        const first = place * size
        const members = Array.from({ length: Math.min(size, peers.length - first) }, (_, i) => first + i)
        return new TrainingStack(members, train)
      })
      return peers.map((data, peer) => learnerIn(stacks[Math.floor(peer / size)]!)(data, peer))
    },
    evaluate,
    memory: () => Promise.all(threads.map(thread => thread.call<'memory'>({ type: 'memory' }))),
    close: () => queue.close(),
  }
}
