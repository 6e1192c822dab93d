import type { Neighbourhood, Passing, Sampled } from '../../../methods/index.js'
import type { Lockstep } from '../../lockstep.js'
import type { Sampler } from './sampler.js'

/** Peers of one process, which go round by round together. */
export interface InLockstep {
  readonly self: string
  readonly sampler: Sampler
  readonly lockstep: Lockstep
}

/**
 * One round of all peers. Nothing in it is decided by a clock: an aggregator waits until all that take part have handed
 * on what they have, and who dies is known. A round whose aggregator has too few models is dropped; the next begins as
 * after a stall in the field, by those whose turn it is, from the newest model that each has.
 */
export async function passInLockstep(
  { self, sampler, lockstep }: InLockstep,
  round: number,
  { head, isTrained }: Passing,
  { numbers }: Neighbourhood,
  signal: AbortSignal,
): Promise<Sampled> {
  const next = round + 1
  await lockstep.whenEnded(round - 1, signal)
  if (isTrained) {
    sampler.takesPart(round)
    const { over } = await sampler.handOn(round, head)
    await over
  }
  lockstep.reach(self, round, 1)
  await lockstep.whenReached(round, 1, signal)
  let aggregated: Sampled['aggregated']
  if (sampler.collections.has(next)) {
    if (sampler.collections.of(next).isEnough) {
      const { of, to } = await sampler.aggregate(next)
      lockstep.aggregates.add(next)
      aggregated = { received: of.map(peer => numbers.get(peer)!), sentTo: to.length }
    } else sampler.collections.end(next)
  }
  lockstep.reach(self, round, 2)
  await lockstep.whenReached(round, 2, signal)
  const made = aggregated && { aggregated }
  const { newest } = sampler
  if (newest?.round === next) {
    return { ...made, next, aggregate: newest.head, isSampled: newest.isSampled }
  }
  const first = sampler.firstOf(next, peer => !lockstep.isGone(peer, round))
  const isStalled = !lockstep.aggregates.has(next)
  return { ...made, next, isSampled: isStalled && first.includes(self) }
}
