import type { Standardisation } from '../data/dataset.js'
import type { Objective } from '../data/objective.js'
import { type ErrorCode, type ErrorSubject, HearsayError } from '../errors.js'
import type { Layout } from '../tensors/index.js'
import type { HeadCut } from './models/head-layers.js'
import type { LocalPlan } from './plan.js'
import type {
  BackendName,
  BackendReport,
  Evaluation,
  ModelChoice,
  TrainOptions,
  TrainReport,
  WorkerMemory,
} from './types.js'

/** Samples on shared memory: what goes over to a worker are references. */
export interface DataReference {
  /** One number per pair of samples and standardisation. */
  readonly key: number
  readonly inputs: Float32Array | Uint8Array
  readonly labels: Int32Array
  readonly targets?: Float32Array | Uint8Array
  readonly size: number
  readonly standardisation: Standardisation
}

/**
 * State of a job, on shared memory. The first to change it from `open` decides: the pool to `aborted`, and the
 * parameters stay unchanged; or the worker to `committed`, and it writes them.
 */
export const jobState = { open: 0, aborted: 1, committed: 2 } as const

/** What a worker thread is given when it is made. */
export interface ThreadData {
  /** 1 once the thread is to end, on shared memory: a job in progress sees it at its next step, a message it would not. */
  readonly closing: Int32Array
  /** URLs of modules that add to the worker, see {@link WorkerModule}. */
  readonly modules: readonly string[]
}

/** Answers that belong to each request. */
export interface Answers {
  readonly start: {
    readonly backend: BackendReport
    /** One for each that was requested, in their order. */
    readonly models: readonly ModelFacts[]
  }
  /** One for each part, in their order. */
  readonly train: readonly TrainOutcome[]
  readonly evaluate: Evaluation | undefined
  readonly predict: Float32Array | undefined
  /** Nothing when it was aborted, or there was nothing to be made. */
  readonly observe: undefined
  /** What the job's handler returned; nothing when it was aborted. */
  readonly job: unknown
  readonly memory: WorkerMemory
  readonly release: undefined
  readonly close: undefined
}

/** What the pool must know of a model that a worker has built. */
export interface ModelFacts {
  readonly layout: Layout
  readonly headLayer: string
  readonly initial: Float32Array
  /** Where it is cut in two, or why it cannot be. */
  readonly cut: HeadCut | ErrorRecord
  /** Why its steps cannot be private, if they cannot. */
  readonly publicBecause: ErrorRecord | undefined
  /** What each layer puts out for one sample, by its name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>
  /** How many peers with it are trained side by side. */
  readonly stackLimit: number
}

/** A peer's share of a request to train. */
export interface TrainPart {
  readonly state: Int32Array
  readonly data: DataReference
  readonly parameters: Float32Array
  readonly peer: number
  /** Of peers that train side by side the same, but for the vectors of its rules. */
  readonly plan: LocalPlan
  /** See {@link TrainOptions}. */
  readonly part?: TrainOptions['part']
}

/** What became of a part; nothing when it was aborted. */
export type TrainOutcome = { readonly report: TrainReport } | { readonly error: ErrorRecord } | undefined

/** What the pool asks of a worker. */
export type Request =
  | {
      readonly type: 'start'
      readonly backend: 'auto' | BackendName
      readonly threads: number
      readonly models: readonly ModelChoice[]
      readonly objective: Objective
      readonly classes: number
      readonly seed: number
      readonly residentBytes: number
    }
  | {
      readonly type: 'train'
      /** Its place among the models. */
      readonly model: number
      /** One, or up to as many as the worker trains side by side. */
      readonly parts: readonly TrainPart[]
      readonly round: number
    }
  | {
      readonly type: 'evaluate'
      /** Its place among the models. */
      readonly model: number
      readonly graded: boolean
      readonly state: Int32Array
      readonly data: DataReference
      readonly parameters: Float32Array
    }
  | {
      readonly type: 'predict'
      /** Its place among the models. */
      readonly model: number
      readonly state: Int32Array
      readonly data: DataReference
      readonly parameters: Float32Array
    }
  | {
      readonly type: 'observe'
      /** Its place among the models. */
      readonly model: number
      readonly state: Int32Array
      readonly data: DataReference
      readonly parameters: Float32Array
      readonly peer: number
      readonly round: number
      readonly batch: number
      readonly part: NonNullable<TrainOptions['part']>
    }
  | {
      readonly type: 'job'
      /** Of its {@link JobType}. */
      readonly name: string
      readonly state: Int32Array
      readonly data: readonly DataReference[]
      readonly ask: unknown
    }
  | { readonly type: 'memory' }
  | { readonly type: 'release'; readonly key: number }
  | { readonly type: 'close' }

/** A request with the number by which its answer is known. */
export interface Envelope {
  readonly id: number
  readonly request: Request
}

/** An error that survives the way between threads: classes do not. */
export interface ErrorRecord {
  readonly code?: ErrorCode
  readonly problem?: string
  readonly about?: ErrorSubject
  readonly message: string
  readonly stack?: string
}

/** What {@link errorOf} makes an error of again. */
export function recordOf(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { message: String(error) }
  const { message, stack } = error
  return {
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(error instanceof HearsayError ? { code: error.code, problem: error.problem, about: error.about } : {}),
  }
}

/** An error as it was before it crossed from a worker. */
export function errorOf({ code, problem, about, message, stack }: ErrorRecord): Error {
  const error = code === undefined ? new Error(message) : new HearsayError(code, problem ?? message, about)
  if (stack !== undefined) error.stack = stack
  return error
}

/** A worker's answer. */
export type Reply =
  | { readonly id: number; readonly ok: true; readonly answer: Answers[Request['type']] }
  | { readonly id: number; readonly ok: false; readonly error: ErrorRecord }
