import { jobType } from '../../learner/index.js'
import type { PhiloxKey } from './philox.js'

/** What the network thread asks of a worker: how steep the loss is along a peer's directions of a round. */
export interface SlopesAsk {
  /** The model's place in the pool. */
  readonly model: number
  /** The whole model, on shared memory; it stays as it is. */
  readonly parameters: Float32Array
  /** Which part of it is moved. */
  readonly part: { readonly start: number; readonly end: number }
  readonly key: PhiloxKey
  /** How many directions. */
  readonly samples: number
  /** How far the model is moved, to either side, in each of its numbers. */
  readonly epsilon: number
  /** Records of a batch; each direction has one of its own. */
  readonly batch: number
  readonly seed: number
  readonly peer: number
  readonly round: number
}

export interface SlopesAnswer {
  /** (L(θ + εz) − L(θ − εz)) / 2ε for each direction; zeros where there are no records. */
  readonly slopes: Float32Array
  /** Mean of all these losses, which is that of the model but for ε². */
  readonly loss: number
  readonly seconds: number
}

export const measureSlopes = jobType<SlopesAsk, SlopesAnswer>('scalars/slopes')
