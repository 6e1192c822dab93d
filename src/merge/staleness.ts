import * as z from 'zod'
import type { MixingRow } from '../topology/index.js'

/** How much less a head counts that was trained in an earlier round than the merging peer's own. */
export const stalenessSchema = z.strictObject({
  fresh: z
    .number()
    .positive()
    .max(1000)
    .default(1)
    .meta({ says: 'λ: how much a fresh head counts, falling with the square root of the round' }),
  power: z
    .number()
    .min(0)
    .max(10)
    .default(0.5)
    .meta({ says: 'σ: how fast a head loses weight with its age in rounds' }),
  floor: z
    .number()
    .min(0)
    .max(1000)
    .default(0.1)
    .meta({ says: 'ι: what is left of it at any age, and in late rounds' }),
  limit: z.int().min(0).max(1_000_000).default(20).meta({ says: 'τ: older heads are not merged' }),
})

export type Staleness = z.output<typeof stalenessSchema>

/**
 * The share of a fresh head's weight that a head of age `staleness` keeps: FedASMU's rule (arXiv 2312.05770;
 * ALGORITHMS.md 4.12), α = ξ/(1 + ξ) with ξ = λ/(√t·(s + 1)^σ) + ι, divided by its value at s = 0. So without staleness
 * a merge is the one of synchronous gossip. The paper's server has μ before ξ; a peer's weights come from its mixing
 * matrix instead, and μ is 1.
 *
 * @param staleness - s, own round minus the head's; a head from ahead of us is fresh
 * @param round - t, the merging peer's, from 0
 * @returns 0 to 1
 */
export function staleShare(staleness: number, round: number, spec: Staleness): number {
  const age = Math.max(0, staleness)
  if (age > spec.limit) return 0
  const at = (s: number): number => {
    const xi = spec.fresh / (Math.sqrt(round + 1) * (s + 1) ** spec.power) + spec.floor
    return xi / (1 + xi)
  }
  return at(age) / at(0)
}

/**
 * A peer's row of the mixing matrix with every neighbour's weight reduced by the age of its head; what they lose is
 * added to the peer's own weight.
 *
 * @param rounds - the round of each neighbour's head, by number; a peer without one keeps its weight
 */
export function staleRow(
  { self, from }: MixingRow,
  rounds: ReadonlyMap<number, number>,
  round: number,
  spec: Staleness,
): MixingRow {
  const aged = from.map(({ peer, weight }) => {
    const theirs = rounds.get(peer)
    return { peer, weight: theirs === undefined ? weight : weight * staleShare(round - theirs, round, spec) }
  })
  const lost = from.reduce((sum, { weight }, i) => sum + (weight - aged[i]!.weight), 0)
  return { self: self + lost, from: aged }
}
