import type { Samples, Standardisation } from '../data/dataset.js'
import type { Quality } from '../data/measures.js'
import type { Objective } from '../data/objective.js'
import type { Layout } from '../tensors/index.js'
import type { JobType } from './job-type.js'
import type { HeadCut } from './models/head-layers.js'
import type { LocalPlan } from './plan.js'
import type { ForeignName } from './rules/spec.js'
import type { ModelSpec } from './spec.js'

/**
 * What computes. `node-gpu` only where CUDA really uses a GPU; `webgpu` is any GPU, without CUDA; `node` is native
 * TensorFlow on the CPU.
 */
export type BackendName = 'node-gpu' | 'webgpu' | 'node' | 'wasm' | ForeignName

/** What a backend computes on. */
export interface Device {
  /** `webgpu` over a driver that computes on the CPU is `cpu`. */
  readonly kind: 'gpu' | 'cpu'
  /** As its maker or its driver calls it. */
  readonly name: string
  /** A GPU's own memory; of a CPU what this process may use. Left out where it is unknown. */
  readonly memoryBytes?: number
}

/** The backend really in use. */
export interface BackendReport {
  readonly name: BackendName
  readonly device: Device
  /** Version of the TensorFlow.js package that computes, and of the native library where there is one. */
  readonly version: string
  /** TensorFlow threads inside each worker; 0 where the library chooses. */
  readonly threads: number
  /** Why a better backend was passed over, one line each; empty when the best is in use or one was requested. */
  readonly reasons: readonly string[]
}

/** A backend that has started. */
export type LoadedBackend = Omit<BackendReport, 'reasons'>

/** How to start a {@link LearnerPool}. */
export interface LearnerPoolInit {
  readonly backend: 'auto' | BackendName
  /** Threads that train. @default one per core; on a GPU (`node-gpu`, `webgpu`) one, since they would share it */
  readonly workers?: number
  /**
   * TensorFlow's threads inside each worker; 0 for as many as it likes. Only native TensorFlow has a choice.
   * @default one where several workers share the cores, else 0
   */
  readonly threads?: number
  /** At least one. Peers with the same model on inputs of the same shape share an entry. */
  readonly models: readonly ModelChoice[]
  /** Of all models: what they are to tell apart is the run's business. Not asked where there are none. */
  readonly classes: number
  /** What the models learn. @default classification */
  readonly objective?: Objective
  /** The run's seed: decides the first parameters and every peer's order of batches. */
  readonly seed: number
  /** Modules that each thread imports, with rules, backends or jobs of their own: see {@link WorkerModule}. @default none */
  readonly modules?: readonly URL[]
}

/** One of a pool's models, and what it is fed. */
export interface ModelChoice {
  readonly model: ModelSpec
  /** One sample's shape: [height, width, channels] or [features]. */
  readonly inputShape: readonly number[]
  /**
   * Of a user's model that is trained already: its topology as the file had it, which is then not read. The model's
   * initial parameters are zeros, and the real ones the caller's.
   */
  readonly topology?: unknown
}

/** How a job may be ended early. */
export interface JobOptions {
  readonly signal?: AbortSignal
}

/** What is to be known of a model. */
export interface EvaluateOptions extends JobOptions {
  /**
   * Are figures wanted that need all answers at once ({@link Grade})? By `npm run bench -- evaluate`, 10,000 samples on one
   * thread, they take 6 to 12 % of an MLP's evaluation for MNIST by native TensorFlow and 1.3 % by WebAssembly, and for a table
   * with two classes 2.5 and 1.3 %: too much for every round.
   *
   * @default false
   */
  readonly graded?: boolean
}

/** How good a model is on some samples. */
export interface Evaluation extends Quality {
  /** Mean cross-entropy, in nats; of numbers, the mean squared error in their standardised units. */
  readonly loss: number
  readonly samples: number
}

/** What is to be known of a training. */
export interface TrainOptions extends JobOptions {
  /** Which numbers of the parameters `moved` is of. @default all */
  readonly part?: { readonly start: number; readonly end: number }
}

/** What one round of local training did. */
export interface TrainReport {
  /** Mean over the steps of the mini-batch loss at the unperturbed parameters; NaN where no sample took part. */
  readonly loss: number
  /** Samples gone through, each epoch counted. */
  readonly samples: number
  readonly steps: number
  /**
   * How many of them native TensorFlow took by itself, many in one call (graph/replay.ts); the others were called operation
   * by operation.
   */
  readonly stepsInLoop: number
  /** Of private steps at which any sample took part. Without noise, as the loss: for this peer's own eyes. */
  readonly gradients?: GradientReport
  /** How far the parameters are from where they began, as a Euclidean norm. */
  readonly moved: number
  /** Inside the worker, waiting for a free worker not counted. */
  readonly seconds: number
}

/** The gradients of single samples in a round, before they were clipped. */
export interface GradientReport {
  /** The median of their lengths, to some hundredths of it: the bound R should be near it. */
  readonly median: number
  /** Share of those that were longer than R, or not finite. */
  readonly clipped: number
}

/** Tensors that a worker holds between jobs. */
export interface WorkerMemory {
  readonly tensors: number
  readonly bytes: number
}

/** One peer's private samples, tied to the pool that trains on them. */
export interface Learner {
  /**
   * Trains `parameters` in place.
   *
   * @param parameters - on shared memory; nobody else may write to it until the promise settles
   * @param round - decides the order of the batches
   * @param plan - nobody may write to the vectors of its rules until the promise settles
   * @throws the signal's reason when aborted before the new parameters were written; they are then unchanged.
   *   {@link HearsayError} `DIVERGED` when training diverged (a parameter is no longer finite): unchanged as well
   */
  train(parameters: Float32Array, round: number, plan: LocalPlan, options?: TrainOptions): Promise<TrainReport>
  /**
   * Makes the moving statistics of batch normalisation anew, in place, from one pass over this peer's samples. Nothing else
   * is changed, and nothing at all where the model has none.
   *
   * @param round - decides the order of the batches
   * @param part - the numbers that may be written
   * @throws as {@link train}
   */
  observe(
    parameters: Float32Array,
    round: number,
    options: JobOptions & { readonly batch: number; readonly part: { readonly start: number; readonly end: number } },
  ): Promise<void>
  /** Loss and accuracy on other samples, seen through this peer's own standardisation. */
  evaluate(parameters: Float32Array, samples: Samples, options?: EvaluateOptions): Promise<Evaluation>
  /** Peers that train side by side no longer wait for this one: for a peer that has died; one that finishes need not. */
  leave(): void
}

/** What one peer learns from. */
export interface PeerData {
  readonly samples: Samples
  readonly standardisation: Standardisation
}

/** One model of a pool, for any number of peers. */
export interface PoolModel extends ModelChoice {
  /** In the pool's list of models: what a request calls it. */
  readonly place: number
  readonly layout: Layout
  /**
   * The layer with which the head begins: what the model section names; else the output layer of a built-in model.
   */
  readonly headLayer: string
  /**
   * The model in two halves, to run other peers' heads.
   *
   * @throws {@link HearsayError} `MODEL` when it cannot be cut in front of `headLayer`, or when its head has layers
   *   that others cannot run: it trains all the same
   */
  cut(): HeadCut
  /** @throws {@link HearsayError} `MODEL`, by a layer's name, when no gradient of a single sample is known, which privacy needs */
  checkPrivacy(): void
  /** The common start x⁰, on shared memory: the same for a seed on every backend; a fresh copy each call. */
  initialParameters(): Float32Array
  /**
   * One peer, which trains by itself.
   *
   * @param peer - decides the order of its batches; no two peers of a run, of whatever model, have the same
   */
  learner(data: PeerData, peer: number): Learner
  /**
   * All peers of a simulation that have this model. On a GPU several with one of dense layers train side by side in one
   * product (dense/gradients.ts): the results equal training one by one to 1e-5, and depend in their last bits on the number of
   * workers. Each must train once a round, or {@link Learner.leave}.
   *
   * @param numbers - of the peers, in their order. @default from 0, as when all peers have this model
   */
  learners(peers: readonly PeerData[], numbers?: readonly number[]): Learner[]
  evaluate(
    parameters: Float32Array,
    samples: Samples,
    standardisation: Standardisation,
    options?: EvaluateOptions,
  ): Promise<Evaluation>
  /**
   * What the model puts out for each sample, a row each: logits of classes, else numbers in standardised units. Nobody
   * looks at labels and targets.
   */
  predict(
    parameters: Float32Array,
    samples: Samples,
    standardisation: Standardisation,
    options?: JobOptions,
  ): Promise<Float32Array>
  /** What each layer puts out for one sample, by the layer's name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>
}

/** Threads that train and evaluate a few models, each for any number of peers. */
export interface LearnerPool {
  readonly backend: BackendReport
  readonly workers: number
  /** Steps of all its training so far, that of baselines included. */
  readonly taken: Pick<TrainReport, 'steps' | 'stepsInLoop'>
  /** Adds to them those of another room's job. */
  count(steps: LearnerPool['taken']): void
  /** As they were requested, in that order. */
  readonly models: readonly [PoolModel, ...PoolModel[]]
  /**
   * Has a job of another room done, by a worker that knows it ({@link LearnerPoolInit.worker}), in turn with the rest.
   *
   * @param ask - copied to the worker, but for arrays on shared memory, which both sides then see
   * @param data - what the job works on; samples on shared memory
   * @throws the signal's reason when aborted before the job was committed: nothing is then written; what the handler
   *   threw
   */
  submit<Ask, Answer>(
    type: JobType<Ask, Answer>,
    ask: Ask,
    data: readonly PeerData[],
    options?: JobOptions,
  ): Promise<Answer>
  /** Per worker, for leak tests. */
  memory(): Promise<WorkerMemory[]>
  /** Ends all threads; jobs that are not done are rejected. Idempotent. */
  close(): Promise<void>
}
