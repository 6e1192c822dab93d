import './tensorflow.js'
import { parentPort, workerData } from 'node:worker_threads'
import { HearsayError } from '../errors.js'
import { closeBackend, loadBackend } from './backend/load.js'
import { stackLimit } from './dense/layers.js'
import { trainStacked } from './dense/train.js'
import { evaluate } from './evaluate.js'
import {
  type Answers,
  type Envelope,
  type ErrorRecord,
  jobState,
  type Reply,
  type Request,
  type ThreadData,
  type TrainPart,
} from './messages.js'
import { buildModel, type DeviceModel } from './models/model.js'
import { Residents } from './residents.js'
import type { Trained, TrainingJob } from './round.js'
import { tf } from './tensorflow.js'
import { train } from './train.js'

/*
 * A worker thread: one model on one backend, jobs one after another.
 */

interface Started {
  readonly model: DeviceModel
  readonly residents: Residents
  readonly classes: number
  readonly seed: number
}

type RequestOf<T extends Request['type']> = Extract<Request, { type: T }>

let started: Started | undefined

function running(): Started {
  if (started === undefined) throw new Error('the worker has not been started')
  return started
}

const { closing } = workerData as ThreadData

const isClosing = (): boolean => Atomics.load(closing, 0) !== 0

/** Asked before each step: is the job's result still wanted? @throws when the thread is to end */
function aborted(state: Int32Array): boolean {
  if (isClosing()) throw new Error('the learner thread is closing')
  return Atomics.load(state, 0) !== jobState.open
}

const handlers: { [T in Request['type']]: (request: RequestOf<T>) => Promise<Answers[T]> } = {
  async start({ backend, threads, model: spec, inputShape, classes, seed, residentBytes }) {
    const report = await loadBackend(backend, threads, { stopped: isClosing })
    const model = await buildModel(spec, inputShape, classes, seed)
    started = { model, residents: new Residents(inputShape, residentBytes), classes, seed }
    const { layout, headLayer, initial, dense } = model
    // The wasm backend computes a batched product one by one, and calling its operations costs next to nothing.
    const limit = dense === undefined || report.name === 'wasm' ? 1 : stackLimit(dense)
    return { backend: report, layout, headLayer, initial, stackLimit: limit }
  },

  async train({ parts, round, training }) {
    const { model, residents, classes, seed } = running()
    const begun = performance.now()
    const jobs = parts.map(({ data, parameters, peer }) => {
      const source = residents.source(data.key, data)
      return { parameters, source, labels: data.labels, size: data.size, classes, seed, peer, round, training }
    })
    const outcomes =
      model.dense === undefined
        ? await inTurn(jobs, (job, place) => train(model, job, () => aborted(parts[place]!.state)))
        : await trainStacked(model.dense, jobs, place => aborted(parts[place]!.state))
    const seconds = (performance.now() - begun) / 1000
    return outcomes.map((outcome, place) => commit(parts[place]!, outcome, seconds))
  },

  async evaluate({ state, data, parameters }) {
    const { model, residents, classes } = running()
    const source = residents.source(data.key, data)
    return evaluate(model, { parameters, source, labels: data.labels, size: data.size, classes }, () => aborted(state))
  },

  async memory() {
    const { numTensors, numBytes } = tf.memory()
    return { tensors: numTensors, bytes: numBytes }
  },

  async release({ key }) {
    running().residents.release(key)
    return undefined
  },

  async close() {
    closeBackend()
    return undefined
  },
}

async function inTurn(
  jobs: readonly TrainingJob[],
  work: (job: TrainingJob, place: number) => Promise<Trained | undefined>,
): Promise<(Trained | Error | undefined)[]> {
  const outcomes: (Trained | Error | undefined)[] = []
  for (const [place, job] of jobs.entries()) {
    const outcome = work(job, place).catch(error => {
      // Only what is this peer's own; anything else ends the request.
      if (error instanceof HearsayError) return error
      throw error
    })
    outcomes.push(await outcome)
  }
  return outcomes
}

/** Writes a part's result, unless it was aborted in the meantime. */
function commit(
  { state, parameters }: TrainPart,
  outcome: Trained | Error | undefined,
  seconds: number,
): Answers['train'][number] {
  if (outcome === undefined) return undefined
  if (outcome instanceof Error) return { error: recordOf(outcome) }
  if (Atomics.compareExchange(state, 0, jobState.open, jobState.committed) !== jobState.open) return undefined
  parameters.set(outcome.parameters)
  const { loss, samples, steps } = outcome
  return { report: { loss, samples, steps, seconds } }
}

function recordOf(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { message: String(error) }
  const { message, stack } = error
  return {
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(error instanceof HearsayError ? { code: error.code } : {}),
  }
}

async function answer({ id, request }: Envelope): Promise<Reply> {
  try {
    const handle = handlers[request.type] as (request: Request) => Promise<Answers[Request['type']]>
    return { id, ok: true, answer: await handle(request) }
  } catch (error) {
    return { id, ok: false, error: recordOf(error) }
  }
}

if (parentPort === null) throw new Error('this module runs in a worker thread')
const port = parentPort
// One after another: a job awaits the device, and the next must not find the model half trained.
let queue = Promise.resolve()
port.on('message', (envelope: Envelope) => {
  queue = queue.then(async () => port.postMessage(await answer(envelope)))
})
