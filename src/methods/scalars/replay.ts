import { inSlices } from '../../turns.js'
import type { Measured } from '../roads.js'
import { directionsOf, moveAlong } from './directions.js'

export interface ReplayInit {
  /** The run's. */
  readonly seed: number
  /** η of the round. */
  readonly learningRate: number
  /** A number of greater magnitude counts as this. */
  readonly limit: number
}

/**
 * One round of the log: θ ← θ − (η/√N)·ĝ·z for every number of every peer, N of them together (arXiv 2306.10015). The
 * result is a function of the arguments to the last bit: peers and directions have one order, and every operation has one
 * float32 rounding.
 *
 * @param measured - in the order of the peer ids
 */
export async function replay(
  head: Float32Array,
  round: number,
  measured: readonly Measured[],
  { seed, learningRate, limit }: ReplayInit,
): Promise<void> {
  const count = measured.reduce((sum, { scalars }) => sum + scalars.length, 0)
  if (count === 0) return
  // As a float32: a power of the decay may differ in the last bit of a double from one engine to another.
  const scale = Math.fround(Math.fround(learningRate) / Math.sqrt(count))
  const moves = measured.flatMap(({ peer, scalars }) => {
    const key = directionsOf(seed, peer, round)
    return Array.from(scalars, (scalar, sample) => {
      const bounded = Math.max(-limit, Math.min(limit, scalar))
      return { key, sample, step: -Math.fround(bounded * scale) }
    }).filter(({ step }) => step !== 0)
  })
  // Slices outside, directions inside: each number sees the same sums in the same order, and a slice stays in the cache.
  await inSlices(head.length, count, (from, to) => {
    for (const { key, sample, step } of moves) moveAlong(head, step, key, sample, from, to)
  })
}
