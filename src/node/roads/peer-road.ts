import type { HearsayHost, Presence, Timing } from '../../gossip/index.js'
import { methodOf, type Plan } from '../../methods/index.js'
import type { AssemblyInit } from '../assembled-peer.js'
import type { PairKeys } from '../pair-keys.js'
import { createLogRoad, type ScalarRoad } from './log-road.js'
import { createNeighbourRoad, type HandoverRoad } from './neighbour-road.js'
import { adaptivePatience, fixedPatience, patienceForAll } from './patience.js'
import { createPublicRoad, type PublicationRoad } from './public-road.js'
import type { Road } from './road.js'
import { createSamplingRoad } from './sampling/sample-road.js'

/** Longest try to reach a neighbour whose connection is lost. On a working network a dial takes a few round trips. */
export const dialMs = 5_000

export type PeerRoad = HandoverRoad | PublicationRoad | ScalarRoad | Road<'sample'>

/**
 * The road that the run's method needs.
 *
 * @param keys - those that the run's masks need
 * @param sumDigest - see {@link PublicRoadInit.sumDigest}
 */
export function createPeerRoad(
  init: AssemblyInit,
  { says: { layout }, steps, snapshotEvery = 1 }: Plan,
  timing: Timing,
  node: HearsayHost,
  presence: Presence,
  keys: PairKeys | undefined,
  sumDigest: () => Uint8Array | undefined,
): PeerRoad {
  const { manifest, field } = init
  const longestMs = manifest.limits.exchangeSeconds * 1000
  // Shares bear that some heads do not come.
  const inField = manifest.masks?.dropout === 'void' ? patienceForAll : adaptivePatience
  const patience = field === undefined ? fixedPatience(Number.POSITIVE_INFINITY) : inField({ longestMs })
  const parts = { ...init, layout, patience, timing }
  const road = manifest.exchange.when === 'sampled' ? 'sample' : methodOf(manifest.merge).road
  switch (road) {
    case 'neighbours':
      return createNeighbourRoad({ ...parts, steps, dialMs, keys }, node)
    case 'everybody':
      return createPublicRoad({ ...parts, ...field, sumDigest }, node, presence)
    case 'sample':
      return createSamplingRoad({ ...parts, lockstep: init.lockstep! }, node)
    case 'log':
      return createLogRoad(
        { ...parts, ...field, scalars: layout.size, every: snapshotEvery, sumDigest },
        node,
        presence,
      )
  }
}
