import { peerIdFromString } from '@libp2p/peer-id'
import { isShipped, measureOf } from '../data/index.js'
import { createDeadline } from '../deadline.js'
import {
  createPresence,
  createState,
  createTwins,
  dialAddresses,
  fieldTiming,
  type PeerIdStr,
  type Presence,
  plainStanding,
  presenceProtocol,
  type RoundReport,
  reachability,
  type StateService,
  untimed,
} from '../gossip/index.js'
import { methodOf, type Roads } from '../methods/index.js'
import { headOf } from '../tensors/index.js'
import { createAgreedSum } from './agreed-sum.js'
import type { AssembledPeer, AssemblyInit } from './assembled-peer.js'
import { countersOf } from './counters.js'
import type { Entry } from './entry.js'
import type { PeerEvent } from './events.js'
import { fixedFederation } from './federation.js'
import { pinned } from './listening.js'
import { canonicalManifest } from './manifest.js'
import { meet } from './meeting.js'
import { createNeighbourRoad } from './neighbour-road.js'
import { createOpenRun, endedBefore, type OpenRun } from './open.js'
import { adaptivePatience, fixedPatience } from './patience.js'
import { createPeerHost } from './peer-host.js'
import { mixtureOf } from './peer-mixture.js'
import { createPublicRoad } from './public-road.js'
import { type RoundsInit, runRounds } from './round.js'
import { seekLost } from './seeking.js'
import { createShares } from './shares.js'
import { toldAfter } from './told.js'
import { planOf } from './training.js'
import { twinError } from './twin-error.js'

/** Longest try to reach a neighbour whose connection is lost. On a working network a dial takes a few round trips. */
const dialMs = 5_000

/**
 * How soon peers of a simulation repeat themselves until all have met. One process takes every record as often as there
 * are peers, at 0.75 ms each with its copies in the mesh; this way they cost half a core. At the pace of the field 64
 * peers of a mixture did little else, and met after a minute and a half. Nobody beats: who is gone is known.
 */
function simulatedRepeat(peers: number): { readonly repeatMs: number } {
  return { repeatMs: Math.max(presenceProtocol.repeatMs, 1.5 * peers ** 2) }
}

/** A peer: identity, libp2p host, and the rounds that join learning to the network. It decides nothing itself. */
export async function assemblePeer(init: AssemblyInit): Promise<AssembledPeer> {
  const { manifest, runId, self, field, lockstep } = init
  // In a simulation nothing is decided by a clock: its numbers must not depend on how busy the machine is.
  const timing = field === undefined ? untimed : fieldTiming
  const { head, parameters } = init
  const plan = planOf(manifest, head)
  const isPublic = methodOf(manifest.merge).road === 'everybody'
  // In a simulation of merges the book sees everything, and a record would be verified by every peer of the process.
  const isHeard = field !== undefined || isPublic
  const node = await createPeerHost(init)
  let open: OpenRun | undefined
  let hasBegun = false
  let isLeaving = false
  const stopping = new AbortController()

  const presence: Presence = createPresence({
    runId,
    rounds: manifest.rounds,
    name: init.name,
    reportsPerSecond: timing.reportsPerSecond,
    ...(field === undefined ? simulatedRepeat(manifest.peers) : { beatMs: presenceProtocol.beatMs }),
    ...(field?.access && { admits: field.access.admitsAuthor }),
    ...(field?.invite && { invite: field.invite }),
    standing: () =>
      open === undefined
        ? { ...plainStanding, leaving: isLeaving }
        : { ...open.standing(), addresses: dialAddresses(node), share: field?.share, leaving: isLeaving },
    onReport: (peer, report) => open?.learn(peer, report),
  })({ node })
  const agreement = init.summand && createAgreedSum({ ...init, summand: init.summand }, node, presence)
  const sumDigest = (): Uint8Array | undefined => agreement?.digest()
  const longestMs = manifest.limits.exchangeSeconds * 1000
  const patience = field === undefined ? fixedPatience(Number.POSITIVE_INFINITY) : adaptivePatience({ longestMs })
  const parts = { ...init, dialMs, patience, timing }
  const { layout } = plan.says
  const handing = isPublic ? undefined : createNeighbourRoad({ ...parts, layout, steps: plan.steps }, node)
  const publishing = isPublic ? createPublicRoad({ ...parts, ...field, layout, sumDigest }, node, presence) : undefined
  const road = (handing ?? publishing)!
  const session = plan.start(
    {
      ...init,
      seed: manifest.seed,
      rounds: manifest.rounds,
      limits: manifest.limits,
      staleness: manifest.staleness,
    },
    // A method is handed the road that its plan names, and no other.
    { neighbours: handing?.road, everybody: publishing?.road } as Roads,
  )
  const mixture = publishing && mixtureOf(session, publishing)
  const state: StateService | undefined = isHeard
    ? createState({
        runId,
        manifest: canonicalManifest(manifest),
        head: () => road.latest(),
        agreed: () => agreement?.encoded(),
        deadlines: timing.state,
        ...(road.heads && { heads: road.heads }),
        ...(field?.access && { admits: peer => field.access!.isAdmitted(peerIdFromString(peer)) }),
        view: createShares({
          presence,
          name: init.name,
          own: field?.share,
          shares: isShipped(manifest.data.set) ? manifest.peers : 0,
          hasBegun: () => hasBegun,
        }),
      })({ node })
    : undefined
  const doubled = new AbortController()
  const twins =
    field &&
    createTwins({
      privateKey: init.identity.privateKey,
      onTwin(twin) {
        if (twin.isOurs === 'earlier') field.onTwin?.(twin)
        else doubled.abort(twinError(init.identity.peerId, twin))
      },
    })({ node })
  let life: 'idle' | 'started' | 'stopped' = 'idle'

  async function end(saysGoodbye: boolean): Promise<void> {
    life = 'stopped'
    stopping.abort()
    init.learner.leave()
    isLeaving = true
    if (saysGoodbye) await presence.speak().catch(() => {})
    agreement?.stop()
    await presence.stop()
    await twins?.stop()
    await state?.stop()
    await road.stop()
    await node.stop()
  }

  async function* run(entry: Entry, signal: AbortSignal): AsyncGenerator<PeerEvent, void, undefined> {
    const topologyOf = init.topologyOf
    if (entry.unmerged !== undefined) session.resume?.(entry.unmerged)
    let more: Pick<RoundsInit, 'first' | 'catchUp' | 'federation' | 'reportsMembers'>
    let report: RoundReport = { round: 0, samples: 0 }
    if (entry.members !== undefined) {
      presence.expect(entry.members.map(({ peerId }) => peerId))
      publishing?.expect(entry.members)
    }
    if (entry.kind === 'members') {
      const { members } = entry
      const topology = topologyOf(members.length)
      const federation = fixedFederation(members, self, topology)
      const joinMs = field === undefined ? Number.POSITIVE_INFINITY : manifest.limits.joinSeconds * 1000
      const everybody = isPublic
      // Before they meet: a peer that begins sooner may send its heads right away.
      road.begin({ federation, open })
      const first = entry.round ?? 0
      const isGone = (peer: PeerIdStr): boolean => lockstep?.isGone(peer, first) === true
      const meeting = { self, members, topology, joinMs, everybody, isGone, ...(isHeard && { presence }) }
      yield* meet(meeting, node, signal)
      more = { first, federation }
    } else {
      const { remembered } = entry
      const looksFor = remembered.length > 0 || field?.lan === true
      open = createOpenRun({
        ...init,
        ...entry,
        looksFor,
        sumDigest,
        node,
        presence,
        latest: () => road.latest(),
        ...(handing && { heads: handing.handover }),
        loss: session.loss ?? (async () => 0),
        lossLimit: manifest.limits.lossIncrease * init.uninformed,
        ...(session.replaced && { onReplaced: session.replaced }),
      })
      hasBegun = entry.hasBegun
      report = endedBefore(entry.round, entry.samples)
      if (entry.round > 0) {
        // So that all who come back at once can agree on a round, and take over the head of who was further.
        await handing?.offer(entry.round - 1, headOf(parameters, head))
        await presence.publish(report)
      }
      seekLost({ node, presence, remembered, dialMs }, stopping.signal).catch(error => {
        if (!stopping.signal.aborted) throw error
      })
      yield* open.gather(signal)
      if (agreement !== undefined) {
        if (entry.agreed === undefined) publishing?.forgetRecalled()
        yield* agreement.agree(entry.agreed, entry.minPeers, signal)
      }
      await publishing?.catchUp(signal)
      const { federation } = open
      more = { first: entry.round, catchUp: open.catchUp, federation, reportsMembers: entry.members === undefined }
      road.begin({ federation, open })
    }
    hasBegun = true
    const measure = measureOf(manifest.data)
    for await (const event of runRounds(
      {
        ...init,
        ...more,
        session,
        rounds: manifest.rounds,
        evaluateEvery: manifest.evaluation.every,
        // A simulation has baselines instead, and its workers are busy.
        testsBefore: field !== undefined,
      },
      signal,
    )) {
      if (event.type === 'caught-up') road.at(event.to)
      if (event.type === 'trained') road.at(event.round)
      if (event.type === 'ended') lockstep?.end(node.peerId.toString(), event.round)
      report = toldAfter(report, event, measure)
      // In a simulation the book has all that it says, and a head how far its peer is.
      if (event.type === 'ended' && field !== undefined) await presence.publish(report)
      yield event
      const unlike = event.type === 'ended' ? open?.newlyUnlike() : undefined
      if (unlike !== undefined) yield { type: 'unlike', peer: self, ...unlike }
    }
    await road.idle()
  }

  return {
    self,
    identity: init.identity,
    parameters: init.parameters,
    usual: () => session.usual?.() ?? [],
    unmerged: () => session.unmerged?.(),
    ...(mixture && { mixture }),
    get counters() {
      return countersOf(road.counters, session.refused(), { presence, state, agreement, access: field?.access })
    },
    async start() {
      if (life !== 'idle') return
      life = 'started'
      // Before anybody can connect who knows the other.
      await twins?.start()
      await node.start()
      await road.start()
      await state?.start()
      if (isHeard) await presence.start()
      agreement?.start()
    },
    reachability: () => reachability(node),
    listening: () => pinned(init.listen, node.getMultiaddrs()),
    addresses: () => (field === undefined ? node.getMultiaddrs() : dialAddresses(node)),
    members: () =>
      presence.live().map(peer => {
        const { name, addresses } = presence.heard().get(peer)!
        return { name, peerId: peerIdFromString(peer), addresses }
      }),
    finished: () =>
      [...presence.heard()]
        .filter(([, { leaving, round }]) => leaving && round + 1 >= manifest.rounds)
        .map(([peer]) => peerIdFromString(peer)),
    async connect(addresses, signal) {
      await node.dial([...addresses], { signal })
    },
    async relativeLoss(saved, signal) {
      if (session.loss === undefined) return 0
      if (agreement?.recall(saved) === false) return 0
      return (await session.loss(signal)) / init.uninformed
    },
    async *run(entry, asked) {
      const either = createDeadline(asked, doubled.signal)
      try {
        yield* run(entry, either.signal)
      } finally {
        either.clear()
      }
    },
    idle: () => road.idle(),
    async stop() {
      if (life !== 'stopped') await end(life === 'started' && isHeard)
    },
    async kill() {
      for (const connection of node.getConnections()) connection.abort(new Error('killed on request'))
      await end(false)
    },
  }
}
