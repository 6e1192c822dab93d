import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type {
  EvaluateOptions,
  JobOptions,
  LearnerPool,
  LocalPlan,
  PeerData,
  PoolModel,
  TrainReport,
} from '../learner/index.js'
import { headSection, type NamedTensor } from '../tensors/index.js'
import { type Expert, expertLimit, selectExperts } from './experts.js'
import { geometryOf } from './geometry.js'
import { evaluateMixture, type MixtureAsk, predictMixture, type Score, trainMixture } from './jobs.js'
import { tensorsOfWeights, weightsOfTensors } from './kept-weights.js'
import { localShare, type MixtureSettings } from './spec.js'
import { createMixtureWeights, keepExperts, type MixtureWeights, transformOf } from './weights.js'

/** The mixture's jobs, for the threads of a pool: `createLearnerPool({ …, modules: [mixtureModule()] })`. */
export function mixtureModule(): URL {
  return pathToFileURL(createRequire(import.meta.url).resolve('#mixture/module'))
}

export interface MixtureLearnerInit {
  /** Its threads have the {@link mixtureModule}. */
  readonly pool: LearnerPool
  /** Of the pool. Its head must be a chain of layers; see {@link PoolModel.cut}. */
  readonly model: PoolModel
  readonly data: PeerData
  /** Decides, with the pool's seed, the order of batches; with `seed` the gate's start. */
  readonly peer: number
  readonly seed: number
  readonly settings: MixtureSettings
  /** Local training of a round. The alternate schedule takes the batch size from it, the joint one everything. */
  readonly localPlan: (round: number) => LocalPlan
  /** Of the whole run: the joint schedule's loss shifts over them. */
  readonly rounds: number
}

type Samples = PeerData['samples']

/** The gate's weights, on average over samples and the places of maps. All weights sum to 1. */
export interface GateWeights {
  readonly own: number
  readonly experts: readonly { readonly peer: string; readonly weight: number }[]
}

/** What a round of the mixture did. */
export interface MixtureReport {
  /** Mean over the steps of the loss that was trained on; 0 without steps. */
  readonly loss: number
  readonly samples: number
  readonly steps: number
  /** How many of them native TensorFlow took by itself: see {@link TrainReport}. */
  readonly stepsInLoop: number
  readonly seconds: number
  /** While it was trained. */
  readonly gate: GateWeights
}

/** How good a peer's predictors are on some samples. */
export interface MixtureEvaluation {
  readonly samples: number
  /** The own head alone. */
  readonly own: Score
  readonly mixture: Score
  /** The received head that alone, through its transform, has the highest accuracy. */
  readonly bestExpert: (Score & { readonly peer: string }) | undefined
  readonly gate: GateWeights
}

/** Answers of the mixture. */
export interface MixturePrediction {
  /** `size × width`: probabilities of classes, else values in the model's standardised units. */
  readonly outputs: Float32Array
  readonly width: number
  /** The peers that have a column in `weights`, behind the own head's. */
  readonly experts: readonly string[]
  /** `size × (1 + experts)`: the gate's weights in each answer. */
  readonly weights: Float32Array
}

/**
 * One peer's mixture. The experts it is given are those that were received, never its own head; `topExperts` of them take
 * part. The weights are private: they are neither published nor merged.
 */
export interface MixtureLearner {
  readonly weights: MixtureWeights
  /**
   * The mixture's part of a round, once heads were exchanged. By the `alternate` schedule it comes after local training
   * and does nothing without experts, during the warm-up, or where both ablations leave nothing to train; by `joint` it is the local
   * training as well, from the first round on.
   *
   * @param parameters - the peer's whole model, on shared memory; written only by `joint` and with `trainHead`
   * @throws the signal's reason when aborted before results were written; {@link HearsayError} `DIVERGED` when training
   *   diverged: parameters and weights are then unchanged
   */
  train(
    round: number,
    parameters: Float32Array,
    experts: readonly Expert[],
    options?: JobOptions,
  ): Promise<MixtureReport>
  /** On other samples, seen through this peer's standardisation. Without experts the mixture is the own head. */
  evaluate(
    parameters: Float32Array,
    experts: readonly Expert[],
    samples: Samples,
    options?: EvaluateOptions,
  ): Promise<MixtureEvaluation>
  /** The mixture's answers for samples, whose labels or targets are not read. */
  predict(
    parameters: Float32Array,
    experts: readonly Expert[],
    samples: Samples,
    options?: JobOptions,
  ): Promise<MixturePrediction>
  /** All weights, for a checkpoint; they hold until the next training. */
  kept(): readonly NamedTensor[]
  /** Puts kept weights in place of these. @throws {@link HearsayError} `PARAMETERS` when they do not fit */
  restore(tensors: readonly NamedTensor[], source?: string): void
}

/**
 * @throws {@link HearsayError} `MODEL` when the model's head is no chain of layers, or changes the size of maps
 */
export function createMixtureLearner(init: MixtureLearnerInit): MixtureLearner {
  const { pool, model, data, peer, seed, settings, localPlan, rounds } = init
  const { widths } = geometryOf(model.cut(), model.layout)
  const { layout: headLayout } = headSection(model.layout, model.headLayer)
  const owner = { seed, peer }
  let weights = createMixtureWeights(widths, settings, owner)

  const askOf = (parameters: Float32Array, experts: readonly Expert[]): MixtureAsk => {
    checkVectors(model.layout.size, parameters, headLayout.size, experts)
    const { layout, values, transformLayout } = weights
    const transforms = experts.flatMap(({ peer }) => transformOf(weights, peer) ?? [])
    const heads = experts.map(({ head }) => head)
    return { model: model.place, parameters, settings, heads, weights: { layout, values, transformLayout, transforms } }
  }
  const select = (received: readonly Expert[], newcomers: 'first' | 'last'): readonly Expert[] => {
    const experts = selectExperts(received, weights.gate, settings.topExperts, newcomers)
    // Peers that left long ago leave their transforms behind; a peer that is merely away finds its own again.
    const those = received.map(({ peer }) => peer)
    if (weights.transforms.size + experts.length > expertLimit) keepExperts(weights, those)
    return experts
  }
  const other = (samples: Samples): PeerData => ({ samples, standardisation: data.standardisation })

  return {
    get weights() {
      return weights
    },

    async train(round, parameters, received, options = {}) {
      options.signal?.throwIfAborted()
      const isJoint = settings.schedule === 'joint'
      const isWarm = round >= settings.warmUp
      const experts = isWarm ? select(received, 'first') : []
      const isIdle = experts.length === 0 || (weights.values.length === 0 && !settings.trainHead)
      if (isIdle && !isJoint) {
        const equal = Array<number>(1 + experts.length).fill(1 / (1 + experts.length))
        return { loss: 0, samples: 0, steps: 0, stepsInLoop: 0, seconds: 0, gate: gateOf(experts, equal) }
      }
      const ask = {
        ...askOf(parameters, experts),
        peer,
        round,
        plan: localPlan(round),
        localShare: localShare(settings, round, rounds),
      }
      const { gate, ...report } = await pool.submit(trainMixture, ask, [data], options)
      pool.count(report)
      // As a checkpoint keeps them: a peer that comes back chooses as it would have.
      for (const [j, { peer }] of experts.entries()) weights.gate.set(peer, Math.fround(gate[j + 1]!))
      return { ...report, gate: gateOf(experts, gate) }
    },

    async evaluate(parameters, received, samples, options) {
      const experts = select(received, 'last')
      const ask = { ...askOf(parameters, experts), graded: options?.graded ?? false }
      const answer = await pool.submit(evaluateMixture, ask, [other(samples)], options)
      const ranked = experts.map(({ peer }, j) => ({ peer, ...answer.experts[j]! })).sort(better)
      const { own, mixture, gate } = answer
      return { samples: answer.samples, own, mixture, bestExpert: ranked[0], gate: gateOf(experts, gate) }
    },

    async predict(parameters, received, samples, options) {
      const experts = select(received, 'last')
      const ask = askOf(parameters, experts)
      const answer = await pool.submit(predictMixture, ask, [other(samples)], options)
      return { ...answer, experts: experts.map(({ peer }) => peer) }
    },

    kept: () => tensorsOfWeights(weights),
    restore(tensors, source) {
      weights = weightsOfTensors(tensors, widths, settings, owner, source)
    },
  }
}

/** @param weights - of the own head, then of the experts in their order */
function gateOf(experts: readonly Expert[], [own, ...others]: readonly number[]): GateWeights {
  return { own: own ?? 1, experts: experts.map(({ peer }, j) => ({ peer, weight: others[j] ?? 0 })) }
}

function checkVectors(size: number, parameters: Float32Array, headSize: number, experts: readonly Expert[]): void {
  if (parameters.length !== size) throw new RangeError(`${parameters.length} parameters for a model of ${size}`)
  for (const { peer, head } of experts) {
    if (head.length !== headSize) throw new RangeError(`the head of ${peer} has ${head.length} numbers`)
  }
  for (const vector of [parameters, ...experts.map(({ head }) => head)]) {
    // What is not on shared memory would be copied to the worker whole, or changed in the worker's copy only.
    if (!(vector.buffer instanceof SharedArrayBuffer)) throw new TypeError('vectors must lie on shared memory')
  }
}

/** For sorting; equals keep the order of their ids. */
function better(a: Score, b: Score): number {
  return b.accuracy - a.accuracy || a.loss - b.loss
}
