import { HearsayError } from '../errors.js'
import type { PeerData, PoolModel } from '../learner/index.js'
import { methodOf } from '../methods/index.js'
import { learnerFor, localPlan, type Manifest } from '../node/index.js'
import { reserveVector } from '../tensors/index.js'

/** Local training as the run's peers do it: private where the run is, with noise from a seed, since none of it is sent. */
export interface Recipe {
  /** Rounds of a whole run. */
  readonly rounds: number
  /** Trains alone, for these rounds, in place. @param number - decides the order of batches */
  train(parameters: Float32Array, data: PeerData, number: number, rounds: Rounds, signal?: AbortSignal): Promise<void>
  /**
   * One step that all of `batch` take part in, and nothing else: what a peer would hand over after it.
   *
   * @param records - how many the peer has, on which the noise depends
   */
  step(start: Float32Array, batch: PeerData, records: number, signal?: AbortSignal): Promise<Float32Array>
  /** How far a step of this gradient goes. */
  readonly learningRate: number
}

interface Rounds {
  readonly from: number
  /** The first that is not trained any more. */
  readonly to: number
}

/** @throws {@link HearsayError} `MANIFEST` for a run with a budget for contributions, or one whose peers take no local steps */
export function recipeOf(manifest: Manifest, model: PoolModel): Recipe {
  if (manifest.privacy?.of === 'contribution') {
    const what =
      'contribution cannot be audited: its noise comes with what is handed over, and an audit hands nothing over'
    throw new HearsayError('MANIFEST', `${what}; audit a run with a budget for records`, { field: 'privacy.of' })
  }
  const { name, road } = methodOf(manifest.merge)
  if (road === 'log') {
    const why = 'an audit repeats local training, and its peers take no local steps'
    throw new HearsayError('MANIFEST', `${name} cannot be audited: ${why}`, { field: 'merge' })
  }
  const plan = localPlan(manifest)
  const { rounds } = manifest
  const privately = (data: PeerData, number: number, records: number): ReturnType<typeof learnerFor> =>
    learnerFor({ manifest, model, learner: model.learner(data, number), plan: plan(0), records, isSeeded: true })
  const { learningRate } = plan(rounds)
  return {
    rounds,
    learningRate,
    async train(parameters, data, number, { from, to }, signal) {
      const { learner } = privately(data, number, data.samples.size)
      for (let round = from; round < to; round++) {
        signal?.throwIfAborted()
        await learner.train(parameters, round, plan(round), signal && { signal })
      }
    },
    async step(start, batch, records, signal) {
      const { budget } = privately(batch, 0, records)
      const parameters = copied(start)
      const { size } = batch.samples
      const privacy = budget !== undefined && 'step' in budget && { privacy: { ...budget.step, rate: 1, seeded: true } }
      const one = { ...plan(rounds), length: { steps: 1 }, batch: size, ...privacy }
      await model.learner(batch, 0).train(parameters, rounds, one, signal && { signal })
      return parameters
    },
  }
}

/** A copy on shared memory. */
export function copied(vector: Float32Array): Float32Array<SharedArrayBuffer> {
  const copy = reserveVector(vector.length)
  copy.set(vector)
  return copy
}
