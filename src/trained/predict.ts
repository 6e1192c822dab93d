import { largestOfRows, type Samples, softmaxRows } from '../data/index.js'
import type { KeptPeer, PeerDescription } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { type BackendReport, createLearnerPool, type LearnerPool } from '../learner/index.js'
import { type Listened, methodOf, modulesOf } from '../methods/index.js'
import { sameLayout } from '../tensors/index.js'

export interface PredictOptions {
  /** @default 'auto', the best that works here */
  readonly backend?: 'auto' | BackendReport['name']
  /** See {@link LearnerPoolInit.modules}; those of the peer's method need not be named. @default none */
  readonly modules?: readonly URL[]
  readonly signal?: AbortSignal
}

/** A peer's predictions for samples. */
export interface Prediction {
  /**
   * `size × width`: probabilities of the classes; the number in the target's own units; or the restored image's values,
   * where a pixel of 255 is 1, cut off at black and white.
   */
  readonly outputs: Float32Array
  readonly width: number
  /** Where the peer predicts with other peers' heads too: whose heads were used. */
  readonly listened?: Listened
}

/**
 * A kept model's predictions for samples, with the standardisation that it was trained with. Labels are ignored.
 *
 * @throws {@link HearsayError} `BACKEND`, `MODEL`; `PARAMETERS` when what its method has kept does not fit
 */
export async function predict(peer: KeptPeer, samples: Samples, options: PredictOptions = {}): Promise<Prediction> {
  const { description } = peer
  const { model, topology, inputShape, classes, objective } = description
  const { answers } = methodOf(description.merge)
  const jobs = options.signal === undefined ? {} : { signal: options.signal }
  const pool = await createLearnerPool(
    {
      backend: options.backend ?? 'auto',
      workers: 1,
      models: [{ model, inputShape, ...(topology === undefined ? {} : { topology }) }],
      classes: classes.length,
      objective,
      seed: 0,
      modules: modulesOf(description.merge, options.modules),
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
    const raw = await (answers === undefined ? alone : together)(pool, peer, samples, jobs)
    const width = raw.outputs.length / samples.size
    return { ...raw, width, outputs: inOwnUnits(raw.outputs, width, description, answers !== undefined) }
  } finally {
    await pool.close()
  }
}

type Ask = (
  pool: LearnerPool,
  peer: KeptPeer,
  samples: Samples,
  jobs: { signal?: AbortSignal },
) => Promise<Omit<Prediction, 'width'>>

const alone: Ask = async ({ models: [model] }, { parameters, description }, samples, jobs) => {
  return { outputs: await model.predict(parameters, samples, description.standardisation, jobs) }
}

const together: Ask = async (pool, { parameters, description, method, heads }, samples, jobs) => {
  const { name, merge, objective, standardisation } = description
  const data = { samples, standardisation }
  const isOfValues = objective.kind !== 'classification'
  return methodOf(merge).answers!.predict(
    merge,
    { name, pool, parameters, kept: method, heads, data, isOfValues },
    jobs,
  )
}

function inOwnUnits(
  outputs: Float32Array,
  width: number,
  { objective, standardisation }: PeerDescription,
  isProbable: boolean,
): Float32Array {
  switch (objective.kind) {
    case 'classification':
      return isProbable ? outputs : softmaxRows(outputs, width)
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

/** The index of each row's largest number; of equal ones the first, as the learner counts correct answers. */
export function mostProbable({ outputs, width }: Pick<Prediction, 'outputs' | 'width'>): Int32Array {
  return largestOfRows(outputs, width)
}
