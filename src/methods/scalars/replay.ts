import { inPieces, inSlices } from '../../turns.js'
import type { Measured } from '../roads.js'
import { directionsOf, moveAlong } from './directions.js'
import type { PhiloxKey } from './philox.js'

/** Along so many directions a slice is moved in one turn of the event loop. */
const movesInTurn = 1024

/** For how many numbers of a slice a move counts that is noted: 4,096 moves are one. */
const numbersOfMove = 64

interface Move {
  readonly key: PhiloxKey
  readonly sample: number
  readonly step: number
}

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
  const moves: Move[] = []
  await inPieces(measured.length, numbersOfMove * Math.ceil(count / measured.length), at => {
    const { peer, scalars } = measured[at]!
    const key = directionsOf(seed, peer, round)
    for (const [sample, scalar] of scalars.entries()) {
      const step = -Math.fround(Math.max(-limit, Math.min(limit, scalar)) * scale)
      if (step !== 0) moves.push({ key, sample, step })
    }
  })
  // Slices outside, directions inside: each number sees the same sums in the same order, and a slice stays in the cache.
  // Many peers' moves are more than one turn has room for, however short the slice.
  const parts = Array.from({ length: Math.ceil(moves.length / movesInTurn) }, (_, part) =>
    moves.slice(part * movesInTurn, (part + 1) * movesInTurn),
  )
  const works = parts.map(part => (from: number, to: number) => {
    for (const { key, sample, step } of part) moveAlong(head, step, key, sample, from, to)
  })
  await inSlices(head.length, Math.min(moves.length, movesInTurn), ...works)
}
