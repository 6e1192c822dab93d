import type { DeviceModel, TrainingJob } from '../learner/device.js'
import type { TrainedVectors, WeightVectors } from './device.js'
import type { HeadGeometry } from './geometry.js'
import type { MixtureSettings } from './spec.js'

/** One round of one peer. Its parameters are left as they are. */
export interface MixtureTraining extends TrainingJob {
  readonly model: DeviceModel
  readonly geometry: HeadGeometry
  /** Of the experts that take part; frozen. */
  readonly heads: readonly Float32Array[]
  /** Left as they are. */
  readonly weights: WeightVectors
  readonly settings: MixtureSettings
  /** a, of the joint schedule. */
  readonly localShare: number
}

/** The outcome of a round, not yet written back. */
export interface TrainedMixture extends TrainedVectors {
  /** The whole model, where it was trained too: by the joint schedule, or its head by `trainHead`. */
  readonly parameters: Float32Array | undefined
  readonly loss: number
  readonly samples: number
  readonly steps: number
  /** How many of them were taken in a loop of the library's. */
  readonly stepsInLoop: number
  /** Mean gate weights over the steps, the own head first. */
  readonly gate: readonly number[]
}
