import { availableParallelism } from 'node:os'
import { classification } from '../data/objective.js'
import type { JobType } from './job-type.js'
import { abortable, JobQueue } from './jobs.js'
import type { Answers } from './messages.js'
import { poolModel } from './pool-model.js'
import { createReferences } from './references.js'
import { type LearnerThread, startThread } from './thread.js'
import type {
  BackendReport,
  JobOptions,
  LearnerPool,
  LearnerPoolInit,
  ModelChoice,
  PeerData,
  PoolModel,
} from './types.js'

/** Standardised inputs that all workers together keep on their devices (see residents.ts). */
const residentBytes = 2 ** 30

/** Workers of these would share one GPU, where a second only waits for the first and holds its memory once more. */
const sharesDevice = ({ name, device }: BackendReport): boolean => device.kind === 'gpu' || name === 'webgpu'

/**
 * These take their steps no faster on two cores than on one: waking threads costs what they save. 2.5 ms a step on one
 * and 3.6 on two (mlp), about the same (lenet5); the cnn's take 57 and 48 (`npm run bench -- train`).
 */
const singleThreaded: readonly ModelChoice['model']['kind'][] = ['logistic', 'mlp', 'lenet5']

/** More threads than any machine this runs on has cores; bounds a slip of the hand on the command line. */
const workerLimit = 256

/**
 * Starts the threads, the backend in each, and the models.
 *
 * @throws {@link HearsayError} `BACKEND` when the requested backend does not load, `MODEL` when a model is not allowed
 *   or does not fit; the signal's reason when aborted. No thread is left behind
 */
export async function createLearnerPool(init: LearnerPoolInit, options: JobOptions = {}): Promise<LearnerPool> {
  const { signal } = options
  signal?.throwIfAborted()
  const { models, classes, seed, objective = classification } = init
  if (models.length === 0) throw new RangeError('a learner pool needs a model')
  const wished = Math.min(workerLimit, init.workers ?? availableParallelism())
  const oneThread = wished > 1 || models.every(({ model }) => singleThreaded.includes(model.kind))
  const threads: LearnerThread[] = []
  const closeAll = async (): Promise<void> => void (await Promise.all(threads.map(thread => thread.close())))
  const start = (backend: LearnerPoolInit['backend']): Promise<Answers['start']> => {
    const thread = startThread(init.modules)
    threads.push(thread)
    return thread.call<'start'>({
      type: 'start',
      backend,
      threads: init.threads ?? (oneThread ? 1 : 0),
      models,
      objective,
      classes,
      seed,
      residentBytes: Math.floor(residentBytes / wished),
    })
  }
  const onAbort = (): void => void closeAll()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const first = await start(init.backend)
    const workers = init.workers === undefined && sharesDevice(first.backend) ? 1 : wished
    await Promise.all(Array.from({ length: workers - 1 }, () => start(first.backend.name)))
    signal?.throwIfAborted()
    return poolOf(threads, models, first)
  } catch (error) {
    await closeAll()
    throw signal?.aborted ? signal.reason : error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

function poolOf(
  threads: readonly LearnerThread[],
  choices: readonly ModelChoice[],
  { backend, models: facts }: Answers['start'],
): LearnerPool {
  const queue = new JobQueue(threads)
  const references = createReferences(key => queue.forget(key))
  let taken: LearnerPool['taken'] = { steps: 0, stepsInLoop: 0 }
  const count = ({ steps, stepsInLoop }: LearnerPool['taken']): void => {
    taken = { steps: taken.steps + steps, stepsInLoop: taken.stepsInLoop + stepsInLoop }
  }
  const shared = { queue, references, workers: threads.length, count }
  const models = choices.map((choice, place) => poolModel(choice, place, facts[place]!, shared))
  return {
    backend,
    workers: threads.length,
    get taken() {
      return taken
    },
    count,
    models: models as [PoolModel, ...PoolModel[]],
    async submit<Ask, Answer>(
      { name }: JobType<Ask, Answer>,
      ask: Ask,
      peers: readonly PeerData[],
      options: JobOptions = {},
    ): Promise<Answer> {
      const data = peers.map(({ samples, standardisation }) => references(samples, standardisation))
      const begin = (state: Int32Array): Promise<unknown> =>
        queue.submit<'job'>(
          { type: 'job', name, state, data, ask },
          data.map(({ key }) => key),
        )
      return (await abortable(options.signal, begin)) as Answer
    },
    memory: () => Promise.all(threads.map(thread => thread.call<'memory'>({ type: 'memory' }))),
    close: () => queue.close(),
  }
}
