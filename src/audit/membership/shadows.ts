import { takeSamples } from '../../data/index.js'
import type { PeerData, PoolModel } from '../../learner/index.js'
import { random } from '../../random.js'
import type { Recipe } from '../recipe.js'

/** A model that the attacker trains: which of the records it has seen is known. */
export interface Shadow {
  /** On shared memory. */
  readonly parameters: Float32Array
  /** 1 for each record that it was trained on. */
  readonly isIn: Uint8Array
}

export interface ShadowsInit {
  readonly model: PoolModel
  readonly recipe: Recipe
  /** Members and others. */
  readonly records: PeerData
  /** How many; an even number. */
  readonly count: number
  /** The first of the numbers that decide the order of their batches: no peer has it. */
  readonly firstNumber: number
  readonly seed: number
  /** Called once each is trained. */
  readonly onShadow: () => void
  readonly signal: AbortSignal | undefined
}

/**
 * Trains shadow models (arXiv 2112.03570, section IV-A) from the run's common start, alone, for as many rounds as the run
 * has, on halves of the records: two by two on a random half and on the other one, so that each record is in exactly half of
 * them.
 */
export function trainShadows(init: ShadowsInit): Promise<Shadow[]> {
  const { model, recipe, records, count, firstNumber, seed, onShadow, signal } = init
  const { samples, standardisation } = records
  const shadows = Array.from({ length: count }, async (_, at) => {
    const order = random(seed, 'audit/shadows', at >>> 1).shuffle(
      Uint32Array.from({ length: samples.size }, (_, i) => i),
    )
    const middle = samples.size >>> 1
    const half = (at & 1) === 0 ? order.subarray(0, middle) : order.subarray(middle)
    const isIn = new Uint8Array(samples.size)
    for (const place of half) isIn[place] = 1
    const parameters = model.initialParameters()
    const own = { samples: takeSamples(samples, half), standardisation }
    await recipe.train(parameters, own, firstNumber + at, { from: 0, to: recipe.rounds }, signal)
    onShadow()
    return { parameters, isIn }
  })
  return Promise.all(shadows)
}
