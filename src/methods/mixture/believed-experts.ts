import { isDivergence } from '../../errors.js'
import type { Expert, HeldExpert, MixtureReport } from '../../mixture/index.js'
import { ReasonCounts } from '../../reason-counts.js'
import type { Participant } from '../neighbourhood.js'
import { normOf, refusedAsTooLong } from '../norm.js'
import type { Disbelief, RefusedHead } from '../session.js'

/**
 * Which received heads a peer of a mixture uses as experts. `has` and `refusals` refer to the last `of` and the
 * training after it.
 */
export interface BelievedExperts {
  /** Those of `all` that are not too long beside the own head. */
  of(all: readonly HeldExpert[], own: Float32Array): Promise<HeldExpert[]>
  /**
   * Trains with these experts. Where that diverges it is done again with the shorter half of them, and at last with
   * none.
   *
   * @throws what `train` throws without experts: the fault is the peer's own
   */
  trainWith(
    experts: readonly HeldExpert[],
    train: (experts: readonly HeldExpert[]) => Promise<MixtureReport>,
  ): Promise<MixtureReport>
  has(expert: Pick<Expert, 'peer'>): boolean
  /** Counts the heads that are left out now, and returns those of these members. */
  refusals(members: readonly Participant[]): RefusedHead[]
  counts(): Readonly<Record<string, number>>
}

/** @param times - see `tooLong` in merge/belief.ts */
export function createBelievedExperts(times: number): BelievedExperts {
  const counts = new ReasonCounts<Disbelief>()
  /** Of received heads, which do not change any more. */
  const norms = new WeakMap<Float32Array, number>()
  let leftOut = new Map<string, Pick<RefusedHead, 'reason' | 'times'>>()

  return {
    async of(all, own) {
      for (const { head } of all) if (!norms.has(head)) norms.set(head, await normOf(head))
      const lengths = new Map(all.map(({ peer, head }) => [peer, norms.get(head)!]))
      leftOut = refusedAsTooLong(await normOf(own), lengths, times)
      return all.filter(({ peer }) => !leftOut.has(peer))
    },

    async trainWith(experts, train) {
      const byNorm = [...experts].sort((a, b) => norms.get(a.head)! - norms.get(b.head)!)
      for (let count = experts.length; ; count = Math.floor(count / 2)) {
        const shorter = new Set(byNorm.slice(0, count))
        try {
          const report = await train(experts.filter(expert => shorter.has(expert)))
          for (const { peer } of byNorm.slice(count)) leftOut.set(peer, { reason: 'DIVERGED' })
          return report
        } catch (error) {
          if (!isDivergence(error) || count === 0) throw error
        }
      }
    },

    has: ({ peer }) => !leftOut.has(peer),
    refusals(members) {
      for (const { reason } of leftOut.values()) counts.add(reason)
      return members.flatMap(({ name, peerId }, peer) => {
        const why = leftOut.get(peerId.toString())
        return why === undefined ? [] : [{ peer, name, ...why }]
      })
    },
    counts: () => counts.toRecord(),
  }
}
