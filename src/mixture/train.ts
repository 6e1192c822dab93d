import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { HearsayError } from '../errors.js'
import {
  type BatchOrder,
  batches,
  type ChainInit,
  Descent,
  download,
  type GradientsAt,
  globalNorm,
  orderOf,
  stepsOf,
  tapeGradients,
  tf,
  upload,
  type Weights,
  weightsOf,
} from '../learner/device.js'
import type { RuleSpec } from '../learner/index.js'
import { random } from '../random.js'
import { headSection, type Layout } from '../tensors/index.js'
import { type DeviceMixture, uploadMixture } from './device.js'
import { type BatchFeatures, featuresOf, variedFeatures } from './features.js'
import { alternateObjective, type BatchOutcome, jointObjective, type Objective } from './objective.js'
import type { MixtureTraining, TrainedMixture } from './training.js'

type Sums = Pick<TrainedMixture, 'loss' | 'samples' | 'steps' | 'gate'>

/**
 * Trains transforms and gate for one round, with received heads frozen: by themselves (`alternate`: the body is frozen
 * as well, so its features are computed once) or with the whole model (`joint`: one optimiser moves everything, so the
 * section training's rate, decay, momentum, weight decay and SAM hold for transforms and gate too). Depends on seed,
 * peer, round and what it is given, on nothing else. Starts from vectors that it leaves as they are.
 *
 * @param aborted - asked before each step
 * @returns nothing when it was aborted
 * @throws {@link HearsayError} `DATA` without samples; `DIVERGED` when a number is no longer finite
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
  const { model, source, settings, plan } = job
  const augment = settings.augment ?? plan.augment
  const features: BatchFeatures | undefined =
    augment === undefined
      ? await featuresOf(model, model.cut(), source, size, aborted)
      : variedFeatures(model.cut(), source, augment, step => random(seed, 'mixture/augment', peer, round, step))
  if (features === undefined) return undefined
  const { epochs, learningRate, momentum, clip, trainHead } = settings
  // Weight decay would pull the transforms from the identity to nothing.
  const rules: RuleSpec[] = [
    { rule: 'clip', limit: clip },
    ...(momentum > 0 ? [{ rule: 'momentum', factor: momentum } as const] : []),
  ]
  const head = model.variables.slice(model.layout.tensors.length - layout.tensors.length)
  const variables = [...mixture.variables, ...(trainHead ? head : [])]
  const places = variables.map(() => undefined)
  const weights: Weights = { variables, tracked: [], places, size: 0, norm: globalNorm }
  try {
    const objective = alternateObjective(job, mixture, layout, features)
    const order = { batch, length: { epochs }, size, seed, peer, round }
    return await takeSteps(order, { weights, rules: [rules], learningRate, book: job.book }, objective, aborted)
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
  const { model, plan, book } = job
  const own = weightsOf(model)
  const weights: Weights = {
    ...own,
    variables: [...own.variables, ...mixture.variables],
    places: [...own.places, ...mixture.variables.map(() => undefined)],
  }
  const objective = jointObjective(job, mixture, layout, model.cut())
  const { rules, learningRate } = plan
  return takeSteps(order, { weights, rules: [rules], learningRate, book }, objective, aborted)
}

async function takeSteps(
  order: BatchOrder,
  init: ChainInit,
  objective: Objective,
  aborted: () => boolean,
): Promise<Sums | undefined> {
  const descent = new Descent(init)
  const drawn = batches(order)
  let samples = 0
  const batch = (step: number): GradientsAt => {
    const indices = drawn.next().value!
    samples += indices.length
    return gradientsOf(objective(indices, step), init.weights.variables)
  }
  try {
    if (!(await descent.run(stepsOf(order), batch, aborted))) return undefined
    const { steps } = descent
    const [losses, gate] = await descent.sums()
    return { loss: losses![0]! / steps, samples, steps, gate: Array.from(gate!, weight => weight / steps) }
  } finally {
    descent.dispose()
  }
}

/** Gradients of the loss; the gate's weights are a figure beside it. */
function gradientsOf(outcome: () => BatchOutcome, variables: readonly Variable[]): GradientsAt {
  return factor => {
    let seen: Tensor | undefined
    const pass = tapeGradients(() => {
      const { loss, gate } = outcome()
      // What the tape computes goes when it ends.
      seen = tf.keep(gate)
      return loss
    }, variables)(factor)
    const gate = tf.clone(seen!)
    seen!.dispose()
    return { ...pass, figures: [...pass.figures, gate] }
  }
}

function checkFinite({ round, settings }: MixtureTraining, vectors: readonly Float32Array[]): void {
  if (vectors.every(vector => vector.every(Number.isFinite))) return
  const section = settings.schedule === 'joint' ? 'training' : 'merge'
  throw new HearsayError(
    'DIVERGED',
    `the mixture diverged in round ${round + 1}: its weights are no longer finite; lower ${section}.learningRate or ${section}.clip`,
  )
}
