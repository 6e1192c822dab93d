import { dialAddresses, type HearsayHost, type PeerIdStr, type Presence } from '../gossip/index.js'
import type { Session } from '../methods/index.js'
import { headOf } from '../tensors/index.js'
import type { AssemblyInit } from './assembled-peer.js'
import type { Entry } from './entry.js'
import { inRound, type RoundHappening } from './events.js'
import type { AgreedSum } from './membership/agreed-sum.js'
import type { KeptArrivals } from './membership/arrivals.js'
import { fixedFederation } from './membership/federation.js'
import { createOpenRun, type OpenRun } from './membership/open-run.js'
import { endedBefore } from './membership/pace.js'
import { reconnectLost } from './membership/reconnection.js'
import { meetNeighbours } from './membership/start-barrier.js'
import { dialMs, type PeerRoad } from './roads/peer-road.js'
import type { RoundsInit } from './round.js'

type MembersEntry = Extract<Entry, { kind: 'members' }>
type OpenEntry = Extract<Entry, { kind: 'open' }>

/** Where and with whom a peer's rounds begin. */
export type RunStart = Pick<RoundsInit, 'first' | 'catchUp' | 'federation' | 'reportsMembers'>

/** The parts of a peer that the start of its run needs. */
export interface PeerParts {
  readonly init: AssemblyInit
  readonly node: HearsayHost
  readonly presence: Presence
  /** Whether the peer publishes records of itself. */
  readonly speaks: boolean
  readonly agreement: AgreedSum | undefined
  readonly sumDigest: () => Uint8Array | undefined
  readonly road: PeerRoad
  readonly session: Session
}

/** Begins with known members, all in the same round. */
export async function* meetMembers(
  { init, node, presence, speaks, road }: PeerParts,
  { members, round: first = 0 }: MembersEntry,
  signal: AbortSignal,
): AsyncGenerator<RoundHappening, RunStart, undefined> {
  const { self, manifest, field, lockstep } = init
  const topology = init.topologyOf(members.length)
  const federation = fixedFederation(members, self, topology)
  const joinMs = field === undefined ? Number.POSITIVE_INFINITY : manifest.limits.joinSeconds * 1000
  const everybody = road.kind !== 'neighbours'
  const isGone = (peer: PeerIdStr): boolean => lockstep?.isGone(peer, first - 1) === true
  // Before they meet: a peer that begins sooner may send its heads right away.
  road.begin({ federation, open: undefined })
  const meeting = { self, members, topology, joinMs, everybody, isGone, ...(speaks && { presence }) }
  yield* inRound(first, meetNeighbours(meeting, node, signal))
  lockstep?.end(node.peerId.toString(), first - 1)
  return { first, federation }
}

/** The run that a peer is about to join, whose peers come and go. */
export function openRunOf(
  { init, node, presence, road, session, sumDigest }: PeerParts,
  entry: OpenEntry,
  arrivals: KeptArrivals | undefined,
): OpenRun {
  return createOpenRun({
    ...init,
    ...entry,
    arrivals,
    looksFor: entry.remembered.length > 0 || init.field?.lan === true,
    sumDigest,
    inviterOf: peer => (peer === node.peerId.toString() ? init.field?.invitedBy : init.field?.access?.inviterOf(peer)),
    addresses: () => dialAddresses(node),
    node,
    presence,
    handed: () => road.handed?.() ?? road.latest(),
    // With masks no peer gives its head away.
    ...(init.manifest.masks === undefined && road.handover && { heads: road.handover }),
    loss: session.loss ?? (async () => 0),
    lossLimit: init.manifest.limits.lossIncrease * init.uninformed,
    onReplaced(own) {
      session.replaced?.(own)
      if (road.kind === 'neighbours') road.replaced()
    },
  })
}

/**
 * Begins a run whose peers come and go, with the round in which most of them are.
 *
 * @param stopping - ends the search for lost peers, which continues during the rounds
 */
export async function* joinOpenRun(
  { init, node, presence, road, agreement, session }: PeerParts,
  open: OpenRun,
  { round, samples, minPeers, agreed, remembered, members }: OpenEntry,
  stopping: AbortSignal,
  signal: AbortSignal,
): AsyncGenerator<RoundHappening, RunStart, undefined> {
  if (round > 0) {
    // So that all peers that come back at once can agree on a round, and take over the head of one that was further.
    // A peer that exchanges nothing gives its head to nobody.
    if (session.exchange !== undefined) {
      await road.offer?.(round - 1, (await session.offered?.()) ?? headOf(init.parameters, init.head))
    }
    await presence.publish(endedBefore(round, samples))
  }
  reconnectLost({ node, presence, remembered, dialMs }, stopping).catch(error => {
    if (!stopping.aborted) throw error
  })
  yield* inRound(round, open.gather(signal))
  if (agreement !== undefined) {
    if (agreed === undefined) road.forgetRecalled?.()
    yield* inRound(round, agreement.agree(agreed, minPeers, signal))
  }
  await road.catchUp?.(signal)
  const { federation } = open
  road.begin({ federation, open })
  return {
    first: round,
    catchUp: (at, until) => open.catchUp(at, until),
    federation,
    reportsMembers: members === undefined,
  }
}
