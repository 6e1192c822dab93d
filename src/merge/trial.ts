import type { MixingRow } from '../topology/index.js'

/** Rounds of use after which a newcomer weighs what it is due. */
export const roundsOnTrial = 10

/** A newcomer among a peer's neighbours. */
export interface Newcomer {
  readonly peer: number
  /** Rounds in which it was of use. */
  readonly useful: number
  /** What it has in common with other newcomers. */
  readonly kin: readonly string[]
}

/**
 * The share of its due weight that each newcomer has: (1 + u)/10 after u rounds in which it was of use, so that it can be of
 * use at all; and of newcomers with the same kin so much less that together they have no more than one neighbour that was
 * always there. Identities cost nothing, and thirty of them must not be thirty neighbours.
 *
 * @returns by number, above 0, without those that have all of it
 */
export function trialShares(newcomers: readonly Newcomer[]): Map<number, number> {
  const onTrial = newcomers
    .map(one => ({ ...one, share: (1 + one.useful) / roundsOnTrial }))
    .filter(({ share }) => share < 1)
  const ofKin = new Map<string, number>()
  for (const { kin, share } of onTrial) for (const one of kin) ofKin.set(one, (ofKin.get(one) ?? 0) + share)
  return new Map(onTrial.map(({ peer, share, kin }) => [peer, share / Math.max(1, ...kin.map(one => ofKin.get(one)!))]))
}

/** A row with the weights of some peers reduced to shares of them; what they lose is added to the peer's own. */
export function sharedRow({ self, from }: MixingRow, shares: ReadonlyMap<number, number>): MixingRow {
  if (shares.size === 0) return { self, from }
  const reduced = from.map(({ peer, weight }) => ({ peer, weight: weight * (shares.get(peer) ?? 1) }))
  const lost = from.reduce((sum, { weight }, at) => sum + (weight - reduced[at]!.weight), 0)
  return { self: self + lost, from: reduced }
}

/** Shares are rounded down to multiples of this: sums of them are then exact. */
const parts = 2 ** 20

/**
 * Which of these a merge leaves out that counts vectors instead of weighing them: each is in it in its share of the rounds,
 * and of any whose shares make no more than 1 together, one at the most.
 *
 * Shares are laid end to end, from another beginning in each round; who covers a whole number is in it (systematic
 * sampling). The golden section spreads the beginnings evenly.
 */
export function leftOut(shares: ReadonlyMap<number, number>, round: number): ReadonlySet<number> {
  const left = new Set<number>()
  let at = Math.floor(((round * (Math.sqrt(5) - 1)) / 2) * parts) % parts
  for (const [peer, share] of shares) {
    const next = at + Math.floor(share * parts)
    if (Math.floor(next / parts) === Math.floor(at / parts)) left.add(peer)
    at = next
  }
  return left
}
