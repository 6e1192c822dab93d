import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { HearsayError } from '../errors.js'
import {
  type BatchOrder,
  type ChainInit,
  download,
  type GradientsAt,
  globalNorm,
  inputsOf,
  keptInputs,
  orderOf,
  type TapeCourseInit,
  takeSteps,
  tapeGradients,
  tf,
  upload,
  type Weights,
  weightsOf,
} from '../learner/device.js'
import type { RuleSpec } from '../learner/index.js'
import { type Random, random } from '../random.js'
import { areFinite, headSection, type Layout } from '../tensors/index.js'
import { type DeviceMixture, uploadMixture } from './device.js'
import { featuresOf, keepsFeatures } from './features.js'
import { alternateObjective, type BatchOutcome, jointObjective } from './objective.js'
import type { MixtureTraining, TrainedMixture } from './training.js'

type Sums = Omit<TrainedMixture, 'values' | 'transforms' | 'parameters'>
/** From which mini-batches to which gradients. */
type Way = Pick<TapeCourseInit, 'order' | 'inputs' | 'gradients'>

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
  order: BatchOrder,
  mixture: DeviceMixture,
  layout: Layout,
  aborted: () => boolean,
): Promise<Sums | undefined> {
  const { model, source, size, settings, plan, book, seed, peer, round } = job
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
  const objective = alternateObjective(job, mixture, layout)
  const cut = model.cut()
  const augment = settings.augment ?? plan.augment
  const drawOf = (step: number): Random => random(seed, 'mixture/augment', peer, round, step)
  const keeps = augment === undefined && keepsFeatures(cut, size)
  const features = keeps ? await featuresOf(model, cut, source, size, aborted) : undefined
  if (keeps && features === undefined) return undefined
  const way: Way = {
    order: { ...order, length: { epochs } },
    inputs: features === undefined ? inputsOf(job, augment, drawOf) : keptInputs(features),
    gradients: (batch, wanted) => {
      const seen = features === undefined ? cut.features(batch, false) : batch
      return gradientsOf(() => objective(seen, wanted), variables)
    },
  }
  try {
    return await follow(job, mixture, { weights, rules: [rules], learningRate, book }, way, aborted)
  } finally {
    features?.dispose()
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
  const variables = [...own.variables, ...mixture.variables]
  const places = [...own.places, ...mixture.variables.map(() => undefined)]
  const weights: Weights = { ...own, variables, places }
  const objective = jointObjective(job, mixture, layout, model.cut())
  const way: Way = {
    order,
    inputs: inputsOf(job),
    gradients: (batch, wanted) => gradientsOf(() => objective(batch, wanted), variables),
  }
  const { rules, learningRate } = plan
  return follow(job, mixture, { weights, rules: [rules], learningRate, book }, way, aborted)
}

async function follow(
  { model, targets, programs }: MixtureTraining,
  { experts }: DeviceMixture,
  init: ChainInit,
  way: Way,
  aborted: () => boolean,
): Promise<Sums | undefined> {
  const moved = [...init.weights.variables, ...init.weights.tracked]
  const frozen = [...(experts?.values() ?? []), ...model.variables.filter(variable => !moved.includes(variable))]
  const taken = await takeSteps(init, { ...way, model, targets, frozen }, programs, aborted)
  if (taken === undefined) return undefined
  const { sums, steps, ...counts } = taken
  const [losses, gate] = sums
  return { loss: losses![0]! / steps, steps, ...counts, gate: Array.from(gate!, weight => weight / steps) }
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
  if (vectors.every(areFinite)) return
  const section = settings.schedule === 'joint' ? 'training' : 'merge'
  throw new HearsayError(
    'DIVERGED',
    `the mixture diverged in round ${round + 1}: its weights are no longer finite; lower ${section}.learningRate or ${section}.clip`,
  )
}
