import { CholeskyDecomposition, Matrix } from 'ml-matrix'

/*
 * Noise that cancels among neighbours (DECOR, arXiv 2405.01031; ALGORITHMS-2.md 3.5): of each pair of neighbours one adds
 * what the other takes off. What all peers release has the noise σ²(I + ρ²L), with σ that of a peer's own noise, ρ the
 * ratio of a pair's to it, and L the Laplacian of the graph of pairs.
 */

/** Peers by number, and which two share noise: in either order, however often. */
export interface Pairs {
  readonly peers: number
  readonly edges: readonly (readonly [number, number])[]
}

/** The most peers of which exposures are computed: as many inverses of a matrix of that size, 0.1 s here for 64. */
export const exposedLimit = 64

const known = new Map<string, readonly number[]>()
/** One for each graph of a topology's period, and for those that are left as peers go. */
const knownLimit = 64

/**
 * How exposed each peer is to another of the run that also sees everything that is released: [(I + ρ²L)⁻¹]_ii, with L
 * the Laplacian of the graph without that other peer, which knows its own pairs' noise; the worst of all others. 1 where
 * nobody shares noise; the round's divergence at the order α is α·2(C/σ)² times that.
 *
 * Where peers of the graph release nothing, their pairs' noise is independent noise of the others: those are less exposed
 * (Loewner's order), and what is computed here still bounds it.
 *
 * @param pairNoise - ρ
 * @throws RangeError for more than {@link exposedLimit} peers
 */
export function exposures({ peers, edges }: Pairs, pairNoise: number): readonly number[] {
  if (peers > exposedLimit) throw new RangeError(`exposures of ${peers} peers: at most ${exposedLimit}`)
  const key = `${peers} ${pairNoise} ${edges.join(' ')}`
  const before = known.get(key)
  if (before !== undefined) return before
  const worst = new Array<number>(peers).fill(peers === 1 ? 1 : 0)
  for (let curious = 0; curious < peers; curious++) {
    const exposed = exposuresWithout(curious, { peers, edges }, pairNoise)
    for (let peer = 0; peer < peers; peer++) {
      if (peer !== curious) worst[peer] = Math.max(worst[peer]!, exposed[peer]!)
    }
  }
  if (known.size >= knownLimit) known.clear()
  known.set(key, worst)
  return worst
}

/**
 * The diagonal of (I + ρ²L)⁻¹.
 *
 * @param curious - a peer without whose edges L is @default none: an eavesdropper
 */
export function exposuresWithout(
  curious: number | undefined,
  { peers, edges }: Pairs,
  pairNoise: number,
): readonly number[] {
  const square = pairNoise ** 2
  const noise = Matrix.eye(peers)
  for (const [a, b] of edges) {
    if (a === curious || b === curious || noise.get(a, b) !== 0) continue
    noise.set(a, b, -square)
    noise.set(b, a, -square)
    noise.set(a, a, noise.get(a, a) + square)
    noise.set(b, b, noise.get(b, b) + square)
  }
  return new CholeskyDecomposition(noise).solve(Matrix.eye(peers)).diagonal()
}
