import './tensorflow.js'
import { parentPort } from 'node:worker_threads'
import { HearsayError } from '../errors.js'
import { loadBackend } from './backend/load.js'
import { type Answers, type Envelope, type ErrorRecord, jobState, type Reply, type Request } from './messages.js'
import { buildModel, type DeviceModel } from './models/model.js'
import { Residents } from './residents.js'
import { tf } from './tensorflow.js'
import { evaluate, train } from './train.js'

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

const handlers: { [T in Request['type']]: (request: RequestOf<T>) => Promise<Answers[T]> } = {
  async start({ backend, threads, model: spec, inputShape, classes, seed, residentBytes }) {
    const report = await loadBackend(backend, threads)
    const model = await buildModel(spec, inputShape, classes, seed)
    started = { model, residents: new Residents(inputShape, residentBytes), classes, seed }
    return { backend: report, layout: model.layout, headLayer: model.headLayer, initial: model.initial }
  },

  async train({ state, data, parameters, peer, round, training }) {
    const { model, residents, classes, seed } = running()
    const begun = performance.now()
    const source = residents.source(data.key, data)
    const { labels, size } = data
    const trained = await train(
      model,
      { parameters, source, labels, size, classes, seed, peer, round, training },
      () => Atomics.load(state, 0) !== jobState.open,
    )
    if (trained === undefined) return undefined
    if (Atomics.compareExchange(state, 0, jobState.open, jobState.committed) !== jobState.open) return undefined
    parameters.set(trained.parameters)
    const { loss, samples, steps } = trained
    return { loss, samples, steps, seconds: (performance.now() - begun) / 1000 }
  },

  async evaluate({ state, data, parameters }) {
    const { model, residents, classes } = running()
    const source = residents.source(data.key, data)
    return evaluate(
      model,
      { parameters, source, labels: data.labels, size: data.size, classes },
      () => Atomics.load(state, 0) !== jobState.open,
    )
  },

  async memory() {
    const { numTensors, numBytes } = tf.memory()
    return { tensors: numTensors, bytes: numBytes }
  },

  async release({ key }) {
    running().residents.release(key)
    return undefined
  },
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
