import type { Tensor } from '@tensorflow/tfjs-core'
import { HearsayError } from '../errors.js'
import {
  type BatchOrder,
  batches,
  type DeviceModel,
  download,
  orderOf,
  type StepSettings,
  type StepTarget,
  settingsOf,
  stepsAhead,
  type TrainingJob,
  tf,
  trainingStep,
  upload,
} from '../learner/device.js'
import { random } from '../random.js'
import { headSection, type Layout } from '../tensors/index.js'
import { type DeviceMixture, type TrainedVectors, uploadMixture, type WeightVectors } from './device.js'
import { type BatchFeatures, featuresOf, variedFeatures } from './features.js'
import type { HeadGeometry } from './geometry.js'
import { alternateObjective, jointObjective, type Objective } from './objective.js'
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
  /** Mean gate weights over the steps, the own head first. */
  readonly gate: readonly number[]
}

type Sums = Pick<TrainedMixture, 'loss' | 'samples' | 'steps' | 'gate'>

/**
 * Trains transforms and gate for one round, with received heads frozen: by themselves (`alternate`: the body is frozen
 * as well, so its features are computed once) or with the whole model (`joint`: one optimiser moves everything, so the
 * section training's rate, decay, momentum, weight decay and SAM hold for transforms and gate too). Depends on seed,
 * peer, round and what it is given, on nothing else. Starts from vectors that it leaves as they are.
 *
 * @param aborted - asked before each step
 * @returns nothing when it was aborted
 * @throws {@link HearsayError} `DATA` without samples; `RUN` when a number is no longer finite
 */
export async function train(job: MixtureTraining, aborted: () => boolean): Promise<TrainedMixture | undefined> {
  const { model, parameters, heads, weights, settings } = job
  const order = orderOf(job)
  const { layout } = headSection(model.layout, model.headLayer)
  upload(model, parameters)
  const mixture = uploadMixture(weights, layout, heads)
  try {
    const isJoint = settings.schedule === 'joint'
    const sums = await (isJoint ? joint : alternate)(job, order, mixture, layout, aborted)
    if (sums === undefined) return undefined
    const vectors = await mixture.download()
    const trained = isJoint || settings.trainHead ? await download(model) : undefined
    checkFinite(job, [vectors.values, ...vectors.transforms, ...(trained === undefined ? [] : [trained])])
    return { ...vectors, ...sums, parameters: trained }
  } finally {
    mixture.dispose()
  }
}

async function alternate(
  job: MixtureTraining,
  { batch, size, seed, peer, round }: BatchOrder,
  mixture: DeviceMixture,
  layout: Layout,
  aborted: () => boolean,
): Promise<Sums | undefined> {
  const { model, source, settings } = job
  const augment = settings.augment ?? job.training.augment
  const features: BatchFeatures | undefined =
    augment === undefined
      ? await featuresOf(model, model.cut(), source, size, aborted)
      : variedFeatures(model.cut(), source, augment, step => random(seed, 'mixture/augment', peer, round, step))
  if (features === undefined) return undefined
  const { epochs, learningRate, momentum, clip, trainHead } = settings
  // Weight decay would pull the transforms from the identity to nothing.
  const step: StepSettings = { learningRate, momentum, clip, weightDecay: 0, rho: 0, adaptive: false }
  const head = model.variables.slice(model.layout.tensors.length - layout.tensors.length)
  const variables = [...mixture.variables, ...(trainHead ? head : [])]
  try {
    const objective = alternateObjective(job, mixture, layout, features)
    const target = { variables, tracked: [] }
    const ownOrder = { batch, epochs, size, seed, peer, round }
    return await takeSteps(ownOrder, mixture.count, target, step, objective, aborted)
  } finally {
    features.dispose()
  }
}

async function joint(
  job: MixtureTraining,
  order: BatchOrder,
  mixture: DeviceMixture,
  layout: Layout,
  aborted: () => boolean,
): Promise<Sums | undefined> {
  const { model } = job
  const target = { variables: [...model.trainable, ...mixture.variables], tracked: model.tracked }
  const objective = jointObjective(job, mixture, layout, model.cut())
  return takeSteps(order, mixture.count, target, settingsOf(job), objective, aborted)
}

async function takeSteps(
  order: BatchOrder,
  experts: number,
  target: StepTarget,
  settings: StepSettings,
  objective: Objective,
  aborted: () => boolean,
): Promise<Sums | undefined> {
  const velocity =
    settings.momentum > 0 ? tf.tidy(() => target.variables.map(v => tf.variable(tf.zerosLike(v), false))) : []
  // Loss and gate weights, summed on the device and read once: reading every step would make the device wait for us.
  let total: Tensor = tf.zeros([2 + experts])
  let steps = 0
  let samples = 0
  try {
    for (const indices of batches(order)) {
      if (aborted()) return undefined
      const sum = tf.tidy(() => {
        const outcome = objective(indices, steps)
        let gate: Tensor | undefined
        const loss = trainingStep(
          () => {
            const { loss, gate: seen } = outcome()
            // What a step computes goes when it ends; of SAM's two passes the first counts, as its loss does.
            gate ??= tf.keep(seen)
            return loss
          },
          { ...target, velocity },
          settings,
        )
        const next = tf.add(total, tf.concat([tf.reshape(loss, [1]), gate!]))
        gate!.dispose()
        return next
      })
      total.dispose()
      total = sum
      steps++
      samples += indices.length
      if (steps % stepsAhead === 0) await total.data()
    }
    const [loss, ...gate] = (await total.data()) as Float32Array
    return { loss: loss! / steps, samples, steps, gate: gate.map(weight => weight / steps) }
  } finally {
    total.dispose()
    tf.dispose(velocity)
  }
}

function checkFinite({ round, settings }: MixtureTraining, vectors: readonly Float32Array[]): void {
  if (vectors.every(vector => vector.every(Number.isFinite))) return
  const section = settings.schedule === 'joint' ? 'training' : 'merge'
  throw new HearsayError(
    'RUN',
    `the mixture diverged in round ${round + 1}: its weights are no longer finite; lower ${section}.learningRate or ${section}.clip`,
  )
}
