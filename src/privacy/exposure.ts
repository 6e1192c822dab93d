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
  /**
   * The peers by the public key that they show. Several with one key are a single curious party: whoever has its secret half
   * knows the noise of all their pairs. @default each has a key of its own
   */
  readonly parties?: readonly (readonly number[])[]
}

/**
 * The most peers of which exposures are computed: as many inverses of a matrix of that size, 0.1 s here for 64, and half
 * as many again where all show keys two by two.
 */
export const exposedLimit = 64

const known = new Map<string, readonly number[]>()
/** One for each graph of a topology's period, and for those that are left as peers go. */
const knownLimit = 64

/**
 * How exposed each peer is to another of the run that also sees everything that is released: [(I + ρ²L)⁻¹]_ii, with L
 * the Laplacian of the graph without that other peer, which knows its own pairs' noise; the worst of all others. Others
 * that show one key are one other. 1 where nobody shares noise; the round's divergence at the order α is α·2(C/σ)² times
 * that.
 *
 * Where peers of the graph release nothing, their pairs' noise is independent noise of the others: those are less exposed
 * (Loewner's order), and what is computed here still bounds it.
 *
 * @param pairNoise - ρ
 * @throws RangeError for more than {@link exposedLimit} peers
 */
export function exposures(pairs: Pairs, pairNoise: number): readonly number[] {
  const { peers, edges, parties = Array.from({ length: peers }, (_, peer) => [peer]) } = pairs
  if (peers > exposedLimit) throw new RangeError(`exposures of ${peers} peers: at most ${exposedLimit}`)
  const key = `${peers} ${pairNoise} ${edges.join(' ')} ${parties.join(' ')}`
  const before = known.get(key)
  if (before !== undefined) return before
  const worst = new Array<number>(peers).fill(peers === 1 ? 1 : 0)
  const raise = (peer: number, exposed: readonly number[]): void => {
    worst[peer] = Math.max(worst[peer]!, exposed[peer]!)
  }
  for (const party of parties) {
    const exposed = exposuresWithout(party, pairs, pairNoise)
    for (let peer = 0; peer < peers; peer++) if (!party.includes(peer)) raise(peer, exposed)
    if (party.length === 1) continue
    // The one whose key it is has it alone; the others of its party are as curious as any.
    for (const peer of party)
      raise(
        peer,
        exposuresWithout(
          party.filter(other => other !== peer),
          pairs,
          pairNoise,
        ),
      )
  }
  if (known.size >= knownLimit) known.clear()
  known.set(key, worst)
  return worst
}

/**
 * The diagonal of (I + ρ²L)⁻¹.
 *
 * @param curious - peers without whose edges L is: none for an eavesdropper
 */
export function exposuresWithout(
  curious: readonly number[],
  { peers, edges }: Pairs,
  pairNoise: number,
): readonly number[] {
  const square = pairNoise ** 2
  const noise = Matrix.eye(peers)
  for (const [a, b] of edges) {
    if (curious.includes(a) || curious.includes(b) || noise.get(a, b) !== 0) continue
    noise.set(a, b, -square)
    noise.set(b, a, -square)
    noise.set(a, a, noise.get(a, a) + square)
    noise.set(b, b, noise.get(b, b) + square)
  }
  return new CholeskyDecomposition(noise).solve(Matrix.eye(peers)).diagonal()
}
