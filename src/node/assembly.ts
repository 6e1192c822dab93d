import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { isShipped, measureOf, type Samples } from '../data/index.js'
import { createDeadline } from '../deadline.js'
import {
  type Access,
  agreementTopic,
  type Buffers,
  createAgreement,
  createHost,
  createPresence,
  createState,
  createTwins,
  decodeSum,
  dialAddresses,
  digestOf,
  encodeSum,
  fieldTiming,
  type HearsayHost,
  type HostInit,
  headsTopic,
  type PeerIdStr,
  type Presence,
  plainStanding,
  presenceProtocol,
  presenceScore,
  presenceTopic,
  type Reachability,
  type RoundReport,
  reachability,
  type StateService,
  type SummedNumbers,
  type Twin,
  untimed,
} from '../gossip/index.js'
import type { Learner, LocalTraining } from '../learner/index.js'
import type { MixtureLearner } from '../mixture/index.js'
import type { HeadSection } from '../tensors/index.js'
import type { Topology } from '../topology/index.js'
import { agreeWithOthers, isLong } from './agreeing.js'
import { countersOf, type PeerCounters } from './counters.js'
import type { Entry } from './entry.js'
import type { PeerEvent } from './events.js'
import { fixedFederation } from './federation.js'
import type { Identity } from './identity.js'
import { lanContacts } from './lan.js'
import { pinned } from './listening.js'
import type { Lockstep } from './lockstep.js'
import { canonicalManifest, type Manifest } from './manifest.js'
import { meet } from './meeting.js'
import type { Member } from './member.js'
import { createMerging } from './merging.js'
import { resolveMethod } from './method.js'
import { createMixing, type MixingInit } from './mixing.js'
import { createOpenRun, endedBefore, type OpenRun } from './open.js'
import { adaptivePatience, fixedPatience } from './patience.js'
import { mixtureOf, type PeerMixture } from './peer-mixture.js'
import { type RoundsInit, runRounds } from './round.js'
import { seekLost } from './seeking.js'
import { createShares } from './shares.js'
import { toldAfter } from './told.js'
import { twinError } from './twin-error.js'
import type { MethodWork } from './work.js'

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

export interface AssemblyInit {
  readonly manifest: Manifest
  readonly runId: Uint8Array
  /** This peer's number in its events. In a simulation its place in the list of members. */
  readonly self: number
  readonly name: string
  readonly identity: Identity
  /** The topology for a number of peers. */
  readonly topologyOf: (peers: number) => Topology
  readonly learner: Learner
  /** In a mixture run. */
  readonly mixture?: MixtureLearner
  /** Of a run of merges that goes on: see `Belief`. */
  readonly usual?: readonly number[] | undefined
  /** What is handed over in a round in place of the head: a fault of a simulation. @default the head */
  readonly forge?: ((round: number, head: Float32Array) => Float32Array) | undefined
  /** See {@link MixingInit}. */
  readonly isDeafTo?: MixingInit['isDeafTo']
  readonly training: LocalTraining
  /** The whole model, at its start; the run changes it in place. */
  readonly parameters: Float32Array
  readonly head: HeadSection
  readonly test: Samples
  /** What it trains on. */
  readonly samples: Samples
  /** See {@link uninformedLoss}. */
  readonly uninformed: number
  /** Memory for heads under way. @default its own */
  readonly buffers?: Buffers
  readonly transport: HostInit['transport']
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[]
  /** For a peer in the field; left out for one of a simulation. */
  readonly field?: InTheField
  /** In the field: what peers add up before the first round. @default nothing */
  readonly summand?: Summand | undefined
  /** What peers of a simulation that go in step know of each other. */
  readonly lockstep?: Lockstep | undefined
}

/** A peer's part of a sum that is all that others learn of it. */
export interface Summand {
  /** See `createMaskedSum`. */
  readonly bytes: Uint8Array
  readonly widths: readonly number[]
  /** Makes use of the sum. @returns what its owner is to know, a sentence each */
  settle(sum: SummedNumbers): readonly string[]
}

/** What a peer in the field has beside one of a simulation. */
export interface InTheField extends Pick<HostInit, 'field' | 'networkKey'> {
  /** Who may take part. @default everybody */
  readonly access?: Access
  /** What it shows in its records, where the run is by invitation. */
  readonly invite?: Uint8Array
  /** Told of another process with this peer's identity that began later. Must not throw. */
  readonly onTwin?: ((twin: Twin) => void) | undefined
  /** Finds peers of the run on the LAN and connects to a few. @default false */
  readonly lan?: boolean
  /** Which share of the manifest's partition it trains on, where it brought no data of its own. */
  readonly share?: number
}

/** A peer put together from its parts. */
export interface AssembledPeer {
  readonly self: number
  readonly identity: Identity
  readonly parameters: Float32Array
  readonly counters: PeerCounters
  /** In a mixture. */
  readonly mixture?: PeerMixture
  /** What was usual in its merges: see `Belief`; of a mixture nothing. */
  usual(): readonly number[]
  /** Listens and answers. Twice is once. */
  start(): Promise<void>
  addresses(): Multiaddr[]
  /** What it listens on, as it was asked for, with the ports that it has got. */
  listening(): string[]
  /** Whether it can be reached from outside, as far as is known by now. */
  reachability(): Reachability
  /** The others that are there, and where they are reached. */
  members(): Member[]
  /** Those who said goodbye after their last round: they do not come back. */
  finished(): PeerId[]
  /** Makes a peer known that is to be found at these addresses, and connects to it. @throws libp2p's error */
  connect(addresses: readonly Multiaddr[], signal: AbortSignal): Promise<void>
  /**
   * Loss of the model as it is now, on a few own samples, in units of that of an answer that knows nothing. 0 where that
   * says nothing: in a mixture, which averages nobody, and where the standardisation is not agreed on yet.
   *
   * @param saved - what was agreed on before this peer left
   */
  relativeLoss(saved: string | undefined, signal: AbortSignal): Promise<number>
  /** Finds the others, then trains and merges round by round. Once only. */
  run(entry: Entry, signal: AbortSignal): AsyncGenerator<PeerEvent, void, undefined>
  /** Resolves when nothing that it has said is still on its way. */
  idle(): Promise<void>
  /** Says goodbye and closes its connections after what is on its way has gone out. Twice is once. */
  stop(): Promise<void>
  /** Ends as a crash would: connections are cut, nobody is told. */
  kill(): Promise<void>
}

/** A peer: identity, libp2p host, and the rounds that join learning to the network. It decides nothing itself. */
export async function assemblePeer(init: AssemblyInit): Promise<AssembledPeer> {
  const { manifest, runId, self, field, lockstep } = init
  // In a simulation nothing is decided by a clock: its numbers must not depend on how busy the machine is.
  const timing = field === undefined ? untimed : fieldTiming
  const method = resolveMethod(manifest)
  // In a simulation of merges the book sees everything, and a record would be verified by every peer of the process.
  const isHeard = field !== undefined || init.mixture !== undefined
  const node: HearsayHost = await createHost({
    privateKey: init.identity.privateKey,
    transport: init.transport,
    listen: [...init.listen],
    isTimed: field !== undefined,
    // On a dense graph every member may dial, and all at once when a run begins.
    maxConnections: Math.max(128, manifest.peers + 64),
    connectionsPerSecond: Math.max(64, manifest.peers),
    ...(field && {
      field: { ...field.field, ...(field.lan && { lan: lanContacts(runId, peer => node.dial(peer)) }) },
      scoredTopics: {
        [presenceTopic(runId)]: presenceScore,
        [headsTopic(runId)]: presenceScore,
        [agreementTopic(runId)]: presenceScore,
      },
    }),
    ...(field?.networkKey && { networkKey: field.networkKey }),
    ...(field?.access && { access: field.access }),
  })
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
  const { summand } = init
  const agreement =
    summand &&
    createAgreement({
      runId,
      own: summand.bytes,
      widths: summand.widths,
      smallest: manifest.minPeers,
      live: presence.live,
    })({ node })
  let agreed: Uint8Array | undefined
  let sumDigest: Uint8Array | undefined

  const savedSum = (saved: string | undefined): SummedNumbers | undefined =>
    saved === undefined || summand === undefined
      ? undefined
      : decodeSum(Buffer.from(saved, 'base64'), summand.bytes.length)

  async function* agree(saved: string | undefined, signal: AbortSignal): AsyncGenerator<PeerEvent> {
    if (summand === undefined || agreement === undefined) return
    const totalBytes = summand.bytes.length
    let sum = savedSum(saved)
    if (sum === undefined) {
      const { joinSeconds } = manifest.limits
      const over = createDeadline(signal)
      try {
        const agreeing = agreeWithOthers({ node, presence, runId, agreement, totalBytes, joinSeconds }, over.signal)
        if (await isLong(agreeing, joinSeconds * 1000)) {
          const live = presence.live().map(peer => presence.heard().get(peer)!.name)
          yield { type: 'agreeing', peer: self, live, wanted: manifest.minPeers }
        }
        sum = await agreeing
      } finally {
        over.abort(new Error('The peer goes on without it'))
        over.clear()
      }
    }
    agreed = encodeSum(sum)
    sumDigest = await digestOf(sum.total)
    // So that nobody takes this peer for one that has none yet.
    await presence.speak().catch(() => {})
    const names = sum.members.map(peer =>
      peer === node.peerId.toString() ? init.name : (presence.heard().get(peer)?.name ?? peer.slice(-6)),
    )
    yield {
      type: 'standardised',
      peer: self,
      members: names,
      sum: Buffer.from(agreed).toString('base64'),
      notes: summand.settle(sum),
    }
  }

  const longestMs = manifest.limits.exchangeSeconds * 1000
  const patience = field === undefined ? fixedPatience(Number.POSITIVE_INFINITY) : adaptivePatience({ longestMs })
  const parts = { ...init, dialMs, patience, timing }
  const merging = method.kind === 'merge' ? createMerging({ ...parts, merge: method }, node) : undefined
  const mixing =
    method.kind === 'mixture'
      ? createMixing(
          { ...parts, ...field, settings: method, mixture: init.mixture!, sumDigest: () => sumDigest },
          node,
          presence,
        )
      : undefined
  const work: MethodWork = (merging ?? mixing)!
  const readsHeads = merging && { heads: merging.handover }
  const state: StateService | undefined = isHeard
    ? createState({
        runId,
        manifest: canonicalManifest(manifest),
        head: work.latest,
        agreed: () => agreed,
        deadlines: timing.state,
        ...(work.heads && { heads: work.heads }),
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
    await work.stop()
    await node.stop()
  }

  async function* run(entry: Entry, signal: AbortSignal): AsyncGenerator<PeerEvent, void, undefined> {
    const topologyOf = init.topologyOf
    let rounds: ReturnType<MethodWork['begin']>
    let more: Pick<RoundsInit, 'first' | 'catchUp'> = {}
    let report: RoundReport = { round: 0, samples: 0 }
    if (entry.members !== undefined) {
      presence.expect(entry.members.map(({ peerId }) => peerId))
      mixing?.expect(entry.members)
    }
    if (entry.kind === 'members') {
      const { members } = entry
      const topology = topologyOf(members.length)
      const federation = fixedFederation(members, self, topology)
      const joinMs = field === undefined ? Number.POSITIVE_INFINITY : manifest.limits.joinSeconds * 1000
      const everybody = mixing !== undefined
      // Before they meet: who begins sooner may send its heads right away.
      rounds = work.begin({ federation, open, tellsMembers: false })
      const first = entry.round ?? 0
      const isGone = (peer: PeerIdStr): boolean => lockstep?.isGone(peer, first) === true
      const meeting = { self, members, topology, joinMs, everybody, isGone, ...(isHeard && { presence }) }
      yield* meet(meeting, node, signal)
      more = { first }
    } else {
      const { remembered } = entry
      const looksFor = remembered.length > 0 || field?.lan === true
      open = createOpenRun({
        ...init,
        ...entry,
        looksFor,
        sumDigest: () => sumDigest,
        node,
        presence,
        latest: work.latest,
        ...readsHeads,
        loss: merging?.loss ?? (async () => 0),
        lossLimit: manifest.limits.lossIncrease * init.uninformed,
      })
      hasBegun = entry.hasBegun
      report = endedBefore(entry.round, entry.samples)
      if (entry.round > 0) {
        // So that all who come back at once can agree on a round, and take over the head of who was further.
        await work.offer(entry.round - 1)
        await presence.publish(report)
      }
      seekLost({ node, presence, remembered, dialMs }, stopping.signal).catch(error => {
        if (!stopping.signal.aborted) throw error
      })
      yield* open.gather(signal)
      if (summand !== undefined && entry.agreed === undefined) mixing?.forgetRecalled()
      yield* agree(entry.agreed, signal)
      await mixing?.catchUp(signal)
      more = { first: entry.round, catchUp: open.catchUp }
      rounds = work.begin({ federation: open.federation, open, tellsMembers: entry.members === undefined })
    }
    hasBegun = true
    const measure = measureOf(manifest.data)
    for await (const event of runRounds(
      {
        ...init,
        ...rounds,
        ...more,
        rounds: manifest.rounds,
        evaluateEvery: manifest.evaluation.every,
        // A simulation has baselines instead, and its workers are busy.
        ...(field === undefined && { evaluateBefore: undefined }),
      },
      signal,
    )) {
      if (event.type === 'caught-up') work.at(event.to)
      if (event.type === 'trained') work.at(event.round)
      if (event.type === 'ended') lockstep?.end(node.peerId.toString(), event.round)
      report = toldAfter(report, event, measure)
      // In a simulation the book has all that it says, and a head how far its peer is.
      if (event.type === 'ended' && field !== undefined) await presence.publish(report)
      yield event
      const unlike = event.type === 'ended' ? open?.newlyUnlike() : undefined
      if (unlike !== undefined) yield { type: 'unlike', peer: self, ...unlike }
    }
    await work.idle()
  }

  return {
    self,
    identity: init.identity,
    parameters: init.parameters,
    usual: () => merging?.usual() ?? [],
    ...(mixing && init.mixture && { mixture: mixtureOf(init.mixture, mixing) }),
    get counters() {
      return countersOf(work.counters, { presence, state, agreement, access: field?.access })
    },
    async start() {
      if (life !== 'idle') return
      life = 'started'
      // Before anybody can connect who knows the other.
      await twins?.start()
      await node.start()
      await work.start()
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
      if (merging === undefined) return 0
      if (summand !== undefined && agreed === undefined) {
        const sum = savedSum(saved)
        if (sum === undefined) return 0
        summand.settle(sum)
      }
      return (await merging.loss(signal)) / init.uninformed
    },
    async *run(entry, asked) {
      const either = createDeadline(asked, doubled.signal)
      try {
        yield* run(entry, either.signal)
      } finally {
        either.clear()
      }
    },
    idle: () => work.idle(),
    async stop() {
      if (life !== 'stopped') await end(life === 'started' && isHeard)
    },
    async kill() {
      for (const connection of node.getConnections()) connection.abort(new Error('killed on request'))
      await end(false)
    },
  }
}
