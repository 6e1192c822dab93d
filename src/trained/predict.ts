import type { Samples } from '../data/index.js'
import type { KeptPeer, PeerDescription } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { type BackendReport, createLearnerPool, type LearnerPool } from '../learner/index.js'
import { createMixtureLearner, mixtureWorker, resolveMixture } from '../mixture/index.js'
import { sameLayout } from '../tensors/index.js'

export interface PredictOptions {
  /** @default 'auto', the best that works here */
  readonly backend?: 'auto' | BackendReport['name']
  readonly signal?: AbortSignal
}

/** What a peer's model says of samples. */
export interface Prediction {
  /**
   * `size × width`: probabilities of the classes; the number in the target's own units; or the restored image's values,
   * where a pixel of 255 is 1, cut off at black and white.
   */
  readonly outputs: Float32Array
  readonly width: number
  /** Of a mixture: who was listened to in each answer. */
  readonly gate?: {
    /** The received heads, by their peers' ids, behind the own one. */
    readonly experts: readonly { readonly peer: string; readonly name: string }[]
    /** `size × (1 + experts)`; a row sums to 1. */
    readonly weights: Float32Array
  }
}

/**
 * What a kept model says of samples, seen through the standardisation that it was trained with. Labels are not looked
 * at.
 *
 * @throws {@link HearsayError} `BACKEND`, `MODEL`; `PARAMETERS` when a mixture's weights do not fit
 */
export async function predict(peer: KeptPeer, samples: Samples, options: PredictOptions = {}): Promise<Prediction> {
  const { description, mixture } = peer
  const { model, topology, inputShape, classes, objective } = description
  const jobs = options.signal === undefined ? {} : { signal: options.signal }
  const pool = await createLearnerPool(
    {
      backend: options.backend ?? 'auto',
      workers: 1,
      models: [{ model, inputShape, ...(topology === undefined ? {} : { topology }) }],
      classes: classes.length,
      objective,
      seed: 0,
      ...(mixture && { worker: mixtureWorker() }),
    },
    jobs,
  )
  try {
    if (!sameLayout(pool.models[0].layout, description.layout)) {
      throw new HearsayError(
        'RUN',
        `the model of ${description.name} is not the one that this version of Hearsay builds; use the version that trained it`,
      )
    }
    const raw = await (mixture === undefined ? alone : mixed)(pool, peer, samples, jobs)
    return { ...raw, outputs: inOwnUnits(raw.outputs, raw.width, description, mixture !== undefined) }
  } finally {
    await pool.close()
  }
}

type Ask = (pool: LearnerPool, peer: KeptPeer, samples: Samples, jobs: { signal?: AbortSignal }) => Promise<Prediction>

const alone: Ask = async ({ models: [model] }, { parameters, description }, samples, jobs) => {
  const outputs = await model.predict(parameters, samples, description.standardisation, jobs)
  return { outputs, width: outputs.length / samples.size }
}

const mixed: Ask = async (pool, { parameters, description, mixture }, samples, jobs) => {
  const { objective, standardisation, mixture: spec } = description
  const { weights, experts } = mixture!
  const learner = createMixtureLearner({
    pool,
    model: pool.models[0],
    data: { samples, standardisation },
    peer: 0,
    seed: 0,
    settings: resolveMixture(spec!, objective.kind === 'classification' ? 'classes' : 'values'),
    // Nothing is trained.
    localPlan() {
      throw new Error('a kept peer does not train')
    },
    rounds: 1,
  })
  learner.restore(weights, `the mixture of ${description.name}`)
  const said = await learner.predict(parameters, experts, samples, jobs)
  const names = new Map(experts.map(({ peer, name }) => [peer, name ?? peer.slice(-6)]))
  return {
    outputs: said.outputs,
    width: said.outputs.length / samples.size,
    gate: { experts: said.experts.map(peer => ({ peer, name: names.get(peer) ?? peer })), weights: said.weights },
  }
}

function inOwnUnits(
  outputs: Float32Array,
  width: number,
  { objective, standardisation }: PeerDescription,
  isProbable: boolean,
): Float32Array {
  switch (objective.kind) {
    case 'classification':
      return isProbable ? outputs : softmax(outputs, width)
    case 'regression': {
      const { mean, std } = standardisation.target!
      return outputs.map(value => value * std + mean)
    }
    case 'super-resolution': {
      const { mean, std } = standardisation
      const channels = mean.length
      return outputs.map((value, i) => Math.min(1, Math.max(0, value * std[i % channels]! + mean[i % channels]!)))
    }
  }
}

function softmax(logits: Float32Array, width: number): Float32Array {
  const probabilities = new Float32Array(logits.length)
  for (let at = 0; at < logits.length; at += width) {
    const row = logits.subarray(at, at + width)
    const most = row.reduce((a, b) => Math.max(a, b))
    const powers = Array.from(row, value => Math.exp(value - most))
    const sum = powers.reduce((a, b) => a + b)
    probabilities.set(
      powers.map(power => power / sum),
      at,
    )
  }
  return probabilities
}

/** The place of the largest number of each row; of equals the first, as the learner counts right answers. */
export function mostProbable({ outputs, width }: Pick<Prediction, 'outputs' | 'width'>): Int32Array {
  return Int32Array.from({ length: outputs.length / width }, (_, row) => {
    const values = outputs.subarray(row * width, (row + 1) * width)
    return values.indexOf(values.reduce((a, b) => Math.max(a, b)))
  })
}
