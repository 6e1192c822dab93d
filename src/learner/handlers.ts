import { HearsayError } from '../errors.js'
import type { Backend } from './backend/backend.js'
import { closeBackend, loadBackend } from './backend/load.js'
import { stackLimit } from './dense/layers.js'
import { trainStacked } from './dense/train.js'
import { evaluate } from './evaluate.js'
import { Programs } from './graph/programs.js'
import {
  type Answers,
  type DataReference,
  type ErrorRecord,
  jobState,
  type ModelFacts,
  type Request,
  recordOf,
  type TrainPart,
} from './messages.js'
import { buildModel, type DeviceModel } from './models/model.js'
import { observe } from './observe.js'
import { outputShapeOf } from './output-shape.js'
import { predict } from './predict.js'
import { privateLayersOf } from './private/layers.js'
import { trainPrivately } from './private/train.js'
import { checkSamples } from './references.js'
import { type InputSource, Residents } from './residents.js'
import type { Trained, TrainingJob } from './round.js'
import type { RuleBook } from './rules/index.js'
import { type Targets, targetsOf } from './targets.js'
import { tf } from './tensorflow.js'
import { train } from './train.js'
import type { BackendReport } from './types.js'

/*
 * What the pool asks of a worker, done on its device: a few models on one backend.
 */

/** What a worker has been started with. */
export interface Started {
  /** In the pool's order. */
  readonly models: readonly DeviceModel[]
  readonly classes: number
  readonly seed: number
  /** The rules that local plans can name. */
  readonly book: RuleBook
  /** Steps as graphs, where the backend takes them so. */
  readonly programs: Programs | undefined
  /** Inputs, standardised, as a model takes them. @param model - its place */
  source(model: number, data: DataReference): InputSource
  /** What the model's outputs for these samples should be. @param model - its place */
  targets(model: number, data: DataReference): Targets
  /** Frees inputs that cannot be requested again. */
  release(key: number): void
}

/** How a job learns that it is no longer wanted, and that its result may be written. */
export interface JobControl {
  /** Asked before each step. @throws when the thread is to end */
  aborted(): boolean
  /** Asked once, before the result is written; false when the job was aborted in the meantime. */
  commit(): boolean
}

/** One for each kind of request. */
export type Handlers = { [T in Request['type']]: (request: Extract<Request, { type: T }>) => Promise<Answers[T]> }

/** The learner's own requests: all but the jobs of other rooms. */
export interface LearnerHandlers {
  readonly handlers: Omit<Handlers, 'job'>
  /** @throws when the worker has not been started */
  started(): Started
  controlOf(state: Int32Array): JobControl
}

/** What a worker can do. */
export interface Abilities {
  /** The rules that local plans can name. */
  readonly book: RuleBook
  /** Best first. */
  readonly candidates: readonly Backend[]
}

/** @param closing - see {@link ThreadData} */
export function createHandlers(closing: Int32Array, { book, candidates }: Abilities): LearnerHandlers {
  let now: Started | undefined
  const started = (): Started => {
    if (now === undefined) throw new Error('the worker has not been started')
    return now
  }
  const isClosing = (): boolean => Atomics.load(closing, 0) !== 0
  const controlOf = (state: Int32Array): JobControl => ({
    aborted() {
      if (isClosing()) throw new Error('the learner thread is closing')
      return Atomics.load(state, 0) !== jobState.open
    },
    commit: () => Atomics.compareExchange(state, 0, jobState.open, jobState.committed) === jobState.open,
  })

  const handlers: Omit<Handlers, 'job'> = {
    async start(request) {
      const backend = await loadBackend(request.backend, request.threads, { candidates, stopped: isClosing })
      now = await startedWith(request, book, backend)
      return { backend, models: now.models.map(model => factsOf(model, backend)) }
    },

    async train({ model: place, parts, round }) {
      const { models, seed, source, targets, book, programs } = started()
      const model = models[place]!
      const begun = performance.now()
      const jobs = parts.map(({ data, parameters, peer, plan }) => {
        const samples = { source: source(place, data), targets: targets(place, data), size: data.size }
        return { parameters, ...samples, seed, peer, round, plan, book, programs }
      })
      const controls = parts.map(({ state }) => controlOf(state))
      const aborted = (part: number): boolean => controls[part]!.aborted()
      const isPrivate = jobs.some(({ plan }) => plan.privacy !== undefined)
      const one = isPrivate ? trainPrivately : train
      const outcomes =
        model.dense === undefined || isPrivate
          ? await inTurn(jobs, (job, part) => one(model, job, () => aborted(part)))
          : await trainStacked(model.dense, jobs, aborted)
      const seconds = (performance.now() - begun) / 1000
      return outcomes.map((outcome, part) => written(parts[part]!, controls[part]!, outcome, seconds))
    },

    async evaluate({ model: place, graded, state, data, parameters }) {
      const { models, source, targets } = started()
      const job = { parameters, source: source(place, data), targets: targets(place, data), size: data.size, graded }
      return evaluate(models[place]!, job, controlOf(state).aborted)
    },

    async predict({ model: place, state, data, parameters }) {
      const { models, source } = started()
      const job = { parameters, source: source(place, data), size: data.size }
      return predict(models[place]!, job, controlOf(state).aborted)
    },

    async observe({ model: place, state, data, parameters, part: { start, end }, peer, round, batch }) {
      const { models, source, seed } = started()
      const control = controlOf(state)
      const job = { parameters, source: source(place, data), size: data.size, seed, peer, round, batch }
      const observed = await observe(models[place]!, job, control.aborted)
      if (observed !== undefined && control.commit()) parameters.set(observed.subarray(start, end), start)
      return undefined
    },

    async memory() {
      const { numTensors, numBytes } = tf.memory()
      return { tensors: numTensors, bytes: numBytes }
    },

    async release({ key }) {
      started().release(key)
      return undefined
    },

    async close() {
      now?.programs?.dispose()
      closeBackend()
      return undefined
    },
  }
  return { handlers, started, controlOf }
}

async function startedWith(
  { models: choices, objective, classes, seed, residentBytes }: Extract<Request, { type: 'start' }>,
  book: RuleBook,
  { name }: BackendReport,
): Promise<Started> {
  const models: DeviceModel[] = []
  for (const { model, inputShape, topology } of choices) {
    const outputShape = outputShapeOf(objective, inputShape, classes)
    models.push(await buildModel(model, inputShape, outputShape, seed, topology))
  }
  const residents = new Residents(residentBytes)
  return {
    models,
    classes,
    seed,
    book,
    // Not on its GPU: a graph's inputs and outputs would go there and back with every call.
    programs: name === 'node' ? new Programs() : undefined,
    source(model, data) {
      const { inputShape } = choices[model]!
      checkSamples(data, inputShape)
      return residents.source(data.key, data, inputShape)
    },
    targets: (model, data) => targetsOf(objective, data, choices[model]!.inputShape, classes),
    release: key => residents.release(key),
  }
}

function factsOf(model: DeviceModel, { name }: BackendReport): ModelFacts {
  const { layout, headLayer, initial, dense, shapes } = model
  // Side by side is for backends where calling an operation takes longer than it does: not wasm, and not where many
  // steps are one call.
  const limit = dense === undefined || name === 'wasm' || name === 'node' ? 1 : stackLimit(dense)
  return {
    layout,
    headLayer,
    initial,
    stackLimit: limit,
    cut: orRecord(() => {
      const { featureShape, head } = model.cut()
      return { featureShape, head }
    }),
    publicBecause: orRecord(() => void privateLayersOf(model)),
    shapes,
  }
}

/** Few runs need this of a model: the others must not fail where it is not to be had. */
function orRecord<T>(work: () => T): T | ErrorRecord {
  try {
    return work()
  } catch (error) {
    return recordOf(error)
  }
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
function written(
  { parameters, part }: TrainPart,
  { commit }: JobControl,
  outcome: Trained | Error | undefined,
  seconds: number,
): Answers['train'][number] {
  if (outcome === undefined) return undefined
  if (outcome instanceof Error) return { error: recordOf(outcome) }
  if (!commit()) return undefined
  const { parameters: values, lasting = [], ...figures } = outcome
  const moved = distance(parameters, values, part)
  parameters.set(values)
  for (const { into, values } of lasting) into.set(values)
  return { report: { ...figures, moved, seconds } }
}

function distance(
  a: Float32Array,
  b: Float32Array,
  { start, end }: NonNullable<TrainPart['part']> = { start: 0, end: a.length },
): number {
  let sum = 0
  for (let k = start; k < end; k++) {
    const difference = a[k]! - b[k]!
    sum += difference * difference
  }
  return Math.sqrt(sum)
}
