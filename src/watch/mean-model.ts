import { consensusDistance, meanOf } from '../merge/index.js'
import type { HeadSection } from '../tensors/index.js'
import { inSlices } from '../turns.js'
import type { Copies } from './copies.js'

/** The average of several peers' models. */
export interface MeanModel {
  readonly mean: Float32Array
  /** (1/m) Σ ‖x_i − x̄‖² over what is shared. */
  readonly distance: number
}

/**
 * Averages copies of models, and returns the vectors to `copies`.
 *
 * @param vectors - all of the same length: whole models, or what is shared
 */
export async function meanModel(
  head: HeadSection,
  vectors: readonly Float32Array[],
  copies: Copies,
): Promise<MeanModel> {
  const mean = copies.take(vectors[0]!.length)
  const { start, end } = mean.length > head.layout.size ? head : { start: 0, end: mean.length }
  const distances = consensusDistance(
    vectors.map(values => values.subarray(start, end)),
    mean.subarray(start, end),
  )
  // Each number is read twice: for the mean, then, still in the cache, for the distance.
  await inSlices(mean.length, 2 * vectors.length, (from, to) => {
    meanOf(mean, vectors, from, to)
    distances.add(Math.max(from, start) - start, Math.min(to, end) - start)
  })
  for (const values of vectors) copies.give(values)
  return { mean, distance: distances.total() }
}
