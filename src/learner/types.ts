import type { Samples, Standardisation } from '../data/dataset.js'
import type { Layout } from '../tensors/index.js'
import type { LocalTraining, ModelSpec } from './spec.js'

/**
 * What computes. `node-gpu` only where CUDA really uses a GPU; `webgpu` is any GPU, without CUDA; `node` is native
 * TensorFlow on the CPU.
 */
export type BackendName = 'node-gpu' | 'webgpu' | 'node' | 'wasm'

/** What a backend computes on. */
export interface Device {
  /** `webgpu` over a driver that computes on the CPU is `cpu`. */
  readonly kind: 'gpu' | 'cpu'
  /** As its maker or its driver calls it. */
  readonly name: string
  /** A GPU's own memory; of a CPU what this process may use. Left out where nothing tells. */
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
  /** Why a better backend was passed over, one line each; empty when the best is in use or one was asked for. */
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
  readonly model: ModelSpec
  /** One sample's shape: [height, width, channels] or [features]. */
  readonly inputShape: readonly number[]
  readonly classes: number
  /** The run's seed: decides the first parameters and every peer's order of batches. */
  readonly seed: number
}

/** How a job may be ended early. */
export interface JobOptions {
  readonly signal?: AbortSignal
}

/** How good a model is on some samples. */
export interface Evaluation {
  /** Mean cross-entropy, in nats. */
  readonly loss: number
  /** Share of samples whose most probable class is the label, 0 … 1. */
  readonly accuracy: number
  readonly samples: number
}

/** What one round of local training did. */
export interface TrainReport {
  /** Mean over the steps of the mini-batch loss at the unperturbed parameters. */
  readonly loss: number
  /** Samples gone through, each epoch counted. */
  readonly samples: number
  readonly steps: number
  /** Inside the worker, waiting for a free worker not counted. */
  readonly seconds: number
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
   * @param round - decides the learning rate and the order of the batches
   * @throws the signal's reason when aborted before the new parameters were written; they are then unchanged.
   *   {@link HearsayError} `RUN` when training diverged (a parameter is no longer finite): unchanged as well
   */
  train(parameters: Float32Array, round: number, training: LocalTraining, options?: JobOptions): Promise<TrainReport>
  /** Loss and accuracy on other samples, seen through this peer's own standardisation. */
  evaluate(parameters: Float32Array, samples: Samples, options?: JobOptions): Promise<Evaluation>
  /** Peers that train side by side no longer wait for this one. For one that has died; who finishes need not. */
  leave(): void
}

/** What one peer learns from. */
export interface PeerData {
  readonly samples: Samples
  readonly standardisation: Standardisation
}

/** Threads that train and evaluate one model for any number of peers. */
export interface LearnerPool {
  readonly backend: BackendReport
  readonly layout: Layout
  /**
   * The layer with which the head begins: what the model section names; else the output layer of a built-in model.
   */
  readonly headLayer: string
  readonly workers: number
  /** The common start x⁰, on shared memory: the same for a seed on every backend; a fresh copy each call. */
  initialParameters(): Float32Array
  /** One peer, which trains by itself. */
  learner(data: PeerData, peer: number): Learner
  /**
   * All peers of a simulation, numbered from 0. With a model of dense layers several train side by side in one product
   * (dense/step.ts): the results equal training one by one to 1e-5, and depend in their last bits on the number of
   * workers. Each must train once a round, or {@link Learner.leave}.
   */
  learners(peers: readonly PeerData[]): Learner[]
  evaluate(
    parameters: Float32Array,
    samples: Samples,
    standardisation: Standardisation,
    options?: JobOptions,
  ): Promise<Evaluation>
  /** Per worker, for leak tests. */
  memory(): Promise<WorkerMemory[]>
  /** Ends all threads; jobs that are not done are rejected. May be called twice. */
  close(): Promise<void>
}
