/** How far a neighbour's head may lie from the own one before a peer does not believe it. */
export interface BeliefLimits {
  /** As a multiple of the usual distance. */
  readonly headDistance: number
  /** As a multiple of the own head's norm: a head within it is believed, however small the usual distance is. */
  readonly headRadius: number
}

/** What a peer knows of the heads in front of it, all as Euclidean norms. */
export interface HeadSizes {
  /** Of the own head. */
  readonly own: number
  /** How far the own head came in this round's training. */
  readonly moved: number
  /** From the own head to each that came, by number. */
  readonly distances: ReadonlyMap<number, number>
  /** With masks: the one distance is that of a sum of others' heads. `isLate`: this peer began after round 0. */
  readonly sum?: { readonly isLate: boolean } | undefined
}

export interface Verdict {
  /** The largest distance at which a head is believed. */
  readonly reach: number
  /** The peers whose heads lie beyond it, in the order of their numbers. */
  readonly tooFar: readonly number[]
}

/** Which heads a peer believes. It remembers what was usual, so each merge is judged once, in order. */
export interface Belief {
  judge(sizes: HeadSizes): Verdict
  /** What was usual in the last few merges, earliest first: with it the next belief goes on where this one is. */
  usual(): readonly number[]
}

/** Merges remembered. */
export const remembered = 5

/**
 * The floor beneath every merge: a head is refused that lies further from the own one than
 *
 *     max(γ · ‖x_i‖, c · max(‖Δ_i‖, d̃, median of the last few d̃))
 *
 * with γ `headRadius`, c `headDistance`, Δ_i what this peer's own training has just changed, and d̃ the lower median of the
 * distances at hand. By the triangle inequality the norm is bounded too: ‖x_j‖ ≤ ‖x_i‖ + reach.
 *
 * The first term is BALANCE's (arXiv 2406.10416, eq. 4) without its decay: as a floor it must let heterogeneous peers
 * through in late rounds as well. A peer with few samples moves a tenth as far as one with many, so its own movement
 * alone would refuse honest heads (12.7 times what is usual, where sizes are Dirichlet 0.3); they lie within a few
 * tenths of its own norm all the same. The second term is for models that begin near zero or move far in a round.
 *
 * One dishonest peer cannot widen the bound: of two distances d̃ is the smaller one; of three or more, fewer than half
 * of them dishonest, it lies among the honest ones; a single head does not show what is usual. Nor can it narrow the
 * bound: a copy of the peer's own head makes d̃ small, but ‖Δ_i‖ remains, in round 0 as well.
 *
 * With masks one distance is all there is. That of a sum that is believed counts as usual from the next merge on, so
 * that its senders can widen the bound step by step, as they can by the own norm. The first sum of a peer that begins
 * late is believed wherever it lies: its own model is a beginner's, and would refuse all that the others have learned.
 *
 * @param before - what `usual` returned before the run was interrupted. @default nothing, as in a run that begins
 */
export function createBelief({ headDistance, headRadius }: BeliefLimits, before: readonly number[] = []): Belief {
  const usual: number[] = before.slice(-remembered)
  return {
    judge({ own, moved, distances, sum }) {
      const usualNow = usualOf([...distances.values()])
      const scale = Math.max(moved, usualNow, lowerMedian(usual) ?? 0)
      const isFirst = sum?.isLate === true && usual.length === 0
      const reach = isFirst ? Number.MAX_VALUE : Math.max(headRadius * own, headDistance * scale)
      // Compared this way round, NaN is too far as well.
      const isNear = (peer: number): boolean => distances.get(peer)! <= reach
      const peers = [...distances.keys()].sort((a, b) => a - b)
      const near = peers.filter(isNear).map(peer => distances.get(peer)!)
      const believed = sum === undefined ? usualOf(near) : (near[0] ?? 0)
      if (believed > 0) usual.push(believed)
      if (usual.length > remembered) usual.shift()
      return { reach, tooFar: peers.filter(peer => !isNear(peer)) }
    },
    usual: () => [...usual],
  }
}

/** 0 for fewer than two distances. */
function usualOf(distances: readonly number[]): number {
  return distances.length < 2 ? 0 : lowerMedian(distances)!
}

/** Undefined of no values. */
export function lowerMedian(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
}

/**
 * Heads that are too long to be used as experts: those whose norm is more than `times` that of the own head and of what
 * is usual among them. Experts are never averaged and may lie anywhere, so their distance means nothing; their length
 * multiplies every answer they give.
 *
 * @param own - the own head's norm
 * @param norms - of the received heads
 * @returns places in `norms`, in order
 */
export function tooLong(own: number, norms: readonly number[], times: number): number[] {
  const limit = times * Math.max(own, usualOf(norms))
  return norms.flatMap((norm, place) => (norm <= limit ? [] : [place]))
}
