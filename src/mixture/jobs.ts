import { type Evaluation, jobType, type LocalPlan, type TrainReport } from '../learner/index.js'
import type { WeightVectors } from './device.js'
import type { MixtureSettings } from './spec.js'

/*
 * What the network thread asks of a worker. Everything large lies on shared memory.
 */

/** What every job works with. */
export interface MixtureAsk {
  /** The model's place in the pool. */
  readonly model: number
  /** The peer's whole model. */
  readonly parameters: Float32Array
  readonly settings: MixtureSettings
  /** Heads of the experts that take part, in the order of their peers' ids; frozen. */
  readonly heads: readonly Float32Array[]
  readonly weights: WeightVectors
}

export interface TrainAsk extends MixtureAsk {
  readonly peer: number
  readonly round: number
  readonly plan: LocalPlan
  /** a: the local loss's share. Only of the joint schedule. */
  readonly localShare: number
}

export interface TrainAnswer {
  /** Mean over the steps of the mini-batch loss that was trained on. */
  readonly loss: number
  readonly samples: number
  readonly steps: number
  /** How many of them native TensorFlow took by itself: see {@link TrainReport}. */
  readonly stepsInLoop: number
  readonly seconds: number
  /** Mean gate weight during the round, the own head first; empty without experts. */
  readonly gate: readonly number[]
}

/** How good one predictor is, as the learner's evaluation has it. */
export type Score = Omit<Evaluation, 'samples'>

export interface EvaluateAsk extends MixtureAsk {
  /** Of the mixture; see {@link EvaluateOptions}. */
  readonly graded: boolean
}

export interface EvaluateAnswer {
  readonly samples: number
  readonly own: Score
  readonly mixture: Score
  /** Each expert by itself, through its transform. */
  readonly experts: readonly Score[]
  /** Mean gate weight, the own head first. */
  readonly gate: readonly number[]
}

export interface PredictAnswer {
  /** One row a sample: probabilities of classes, else values in the model's standardised units. */
  readonly outputs: Float32Array
  /** Numbers of a row. */
  readonly width: number
  /** Gate weights of each sample, the own head first; on maps their mean over all places. */
  readonly weights: Float32Array
}

export const trainMixture = jobType<TrainAsk, TrainAnswer>('mixture/train')
export const evaluateMixture = jobType<EvaluateAsk, EvaluateAnswer>('mixture/evaluate')
export const predictMixture = jobType<MixtureAsk, PredictAnswer>('mixture/predict')
