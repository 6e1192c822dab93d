import { type SquaredDistances, squaredDistances } from '../mix.js'
import type { InPieces } from './rule.js'

/** Squared distances among a peer's own vector and those that came, being summed up. Slices as in `DistanceSum`. */
export interface Measure {
  /** Vectors gone over side by side. */
  readonly vectors: number
  /** Each takes the numbers [from, to) of some of the distances in; together all of them. */
  readonly rows: readonly ((from: number, to: number) => void)[]
  /** ‖z_i − z_j‖² by peer. */
  near(): ReadonlyMap<number, number>
  /**
   * By place in `peers`, and behind them for the centre where there is one.
   *
   * @param peers - the own number among them
   */
  squares(peers: readonly number[], inPieces: InPieces): Promise<readonly (readonly number[])[]>
}

/** As many pairs are taken in at a time while what is in the cache of a slice serves them all. */
const pairsAtATime = 64

export interface Measured {
  readonly self: number
  readonly own: Float32Array
  /** Those that came, by number. */
  readonly others: ReadonlyMap<number, Float32Array>
  /** Also those between others. @default false */
  readonly pairs?: boolean
  /** A further vector, with `pairs`. @default none */
  readonly centre?: Float32Array | undefined
}

export function measure({ self, own, others, pairs = false, centre }: Measured): Measure {
  const peers = [self, ...[...others.keys()].sort((a, b) => a - b)]
  const vectors = peers.map(peer => (peer === self ? own : others.get(peer)!))
  if (centre !== undefined) vectors.push(centre)
  const rows = vectors
    .slice(0, pairs ? -1 : 1)
    .map((vector, place): SquaredDistances => squaredDistances(vector, vectors.slice(place + 1)))
  const between = (totals: readonly (readonly number[])[], a: number, b: number): number =>
    a === b ? 0 : totals[Math.min(a, b)]![Math.abs(a - b) - 1]!
  const count = rows.reduce((sum, _, place) => sum + vectors.length - place, 0)
  return {
    vectors: Math.max(vectors.length, Math.min(pairsAtATime, count)),
    rows: rows.map(({ add }) => add),
    near() {
      const squares = rows[0]?.totals() ?? []
      return new Map(peers.slice(1).map((peer, place) => [peer, squares[place]!]))
    },
    async squares(some, inPieces) {
      const totals = rows.map(row => row.totals())
      const places = some.map(peer => peers.indexOf(peer))
      if (centre !== undefined) places.push(peers.length)
      const squares: number[][] = []
      await inPieces(places.length, places.length, at => {
        squares.push(places.map(other => between(totals, places[at]!, other)))
      })
      return squares
    },
  }
}
