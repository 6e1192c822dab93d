import { type SquaredDistances, squaredDistances } from '../mix.js'

/** Squared distances among a peer's own vector and those that came, being summed up. Slices as in `DistanceSum`. */
export interface Measure {
  /** Vectors gone over side by side, each as often as it is. */
  readonly vectors: number
  add(from: number, to: number): void
  /** ‖z_i − z_j‖² by peer. */
  near(): ReadonlyMap<number, number>
  /**
   * By place in `peers`, and behind them for the centre where there is one.
   *
   * @param peers - the own number among them
   */
  squares(peers: readonly number[]): readonly (readonly number[])[]
}

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
  return {
    vectors: rows.reduce((count, _, place) => count + vectors.length - place, 0),
    add(from, to) {
      for (const row of rows) row.add(from, to)
    },
    near() {
      const squares = rows[0]?.totals() ?? []
      return new Map(peers.slice(1).map((peer, place) => [peer, squares[place]!]))
    },
    squares(some) {
      const totals = rows.map(row => row.totals())
      const places = some.map(peer => peers.indexOf(peer))
      if (centre !== undefined) places.push(peers.length)
      return places.map(a => places.map(b => between(totals, a, b)))
    },
  }
}
