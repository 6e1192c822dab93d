import { peerIdFromString } from '@libp2p/peer-id'
import { isShipped } from '../data/index.js'
import { createState, type HearsayHost, type Presence, type StateService, type Timing } from '../gossip/index.js'
import type { AssemblyInit } from './assembled-peer.js'
import type { AgreedSum } from './membership/agreed-sum.js'
import { createShares } from './membership/shares.js'
import type { Road } from './roads/road.js'
import { canonicalManifest } from './run-id.js'

export interface PeerStateParts {
  readonly presence: Presence
  readonly road: Pick<Road, 'latest' | 'heads' | 'log'>
  readonly agreement: Pick<AgreedSum, 'encoded'> | undefined
  /** Whether this peer is in its rounds. */
  readonly hasBegun: () => boolean
}

/** Answers requests of newcomers: the run's manifest, the peers that take part, heads, and the agreed sum. */
export function createPeerState(
  { manifest, runId, name, field }: AssemblyInit,
  { state: deadlines }: Pick<Timing, 'state'>,
  node: HearsayHost,
  { presence, road, agreement, hasBegun }: PeerStateParts,
): StateService {
  return createState({
    runId,
    manifest: canonicalManifest(manifest),
    head: () => road.latest(),
    agreed: () => agreement?.encoded(),
    deadlines,
    log: behind => road.log?.(behind),
    ...(road.heads && { heads: road.heads }),
    ...(field?.access && { admits: peer => field.access!.isAdmitted(peerIdFromString(peer)) }),
    view: createShares({
      presence,
      name,
      own: field?.share,
      shares: isShipped(manifest.data.set) ? manifest.peers : 0,
      hasBegun,
    }),
  })({ node })
}
