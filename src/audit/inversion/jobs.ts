import { jobType } from '../../learner/index.js'

/*
 * What an audit asks of a learner's worker beside training and prediction.
 */

/** Looks for the batch whose gradient is like one that was seen. */
export interface MatchAsk {
  /** The model's place in the pool. */
  readonly model: number
  /** At which the gradient was taken. */
  readonly parameters: Float32Array
  /** The gradient that was seen: any multiple of it. */
  readonly gradient: Float32Array
  readonly iterations: number
  readonly seed: number
}

/** What goes into the head, for each sample. */
export interface FeaturesAsk {
  /** The model's place in the pool. */
  readonly model: number
  readonly parameters: Float32Array
}

/** Answers the batch's inputs, standardised, a row each. Its data are the batch: of them only the labels are used. */
export const matchGradient = jobType<MatchAsk, Float32Array>('audit/match')
/** Answers the features, a row a sample. */
export const featuresOf = jobType<FeaturesAsk, Float32Array>('audit/features')
