import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Samples } from '../data/index.js'
import {
  type Access,
  type Buffers,
  createHandover,
  createHost,
  createPresence,
  createState,
  dialAddresses,
  type FieldInit,
  type Handover,
  type HandoverCounters,
  type HearsayHost,
  type HostInit,
  type Presence,
  plainStanding,
  presenceProtocol,
  presenceScore,
  presenceTopic,
  type Reachability,
  type RejectionReason,
  type RoundReport,
  reachability,
  type StateService,
} from '../gossip/index.js'
import type { Learner, LocalTraining } from '../learner/index.js'
import { resolveMerge, stalenessSchema } from '../merge/index.js'
import type { HeadSection } from '../tensors/index.js'
import type { Topology } from '../topology/index.js'
import type { PeerEvent } from './events.js'
import { createExchange, type StreamExchange } from './exchange.js'
import { type Federation, fixedFederation } from './federation.js'
import { createGossip } from './gossip.js'
import type { Identity } from './identity.js'
import { canonicalManifest, type Manifest } from './manifest.js'
import { meet } from './meeting.js'
import type { Member } from './member.js'
import { createOpenRun, type OpenRun } from './open.js'
import { adaptivePatience, fixedPatience } from './patience.js'
import { type RoundsInit, runRounds } from './round.js'
import { seekLost } from './seeking.js'
import { createShares } from './shares.js'

/** Peers of the LAN that are dialled as they are found: as many as a gossipsub mesh has. */
const lanContacts = 8

/** Longest try to reach a neighbour whose connection is lost. On a working network a dial takes a few round trips. */
const dialMs = 5_000

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
  readonly training: LocalTraining
  /** The whole model, at its start; the run changes it in place. */
  readonly parameters: Float32Array
  readonly head: HeadSection
  readonly test: Samples
  /** Memory for heads under way. @default its own */
  readonly buffers?: Buffers
  readonly transport: HostInit['transport']
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[]
  /** For a peer in the field; left out for one of a simulation. */
  readonly field?: InTheField
}

/** What a peer in the field has beside one of a simulation. */
export interface InTheField extends Pick<HostInit, 'field' | 'networkKey'> {
  /** Who may take part. @default everybody */
  readonly access?: Access
  /** What it shows in its records, where the run is by invitation. */
  readonly invite?: Uint8Array
  /** Finds peers of the run on the LAN and connects to a few. @default false */
  readonly lan?: boolean
  /** Which share of the manifest's partition it trains on, where it brought no data of its own. */
  readonly share?: number
}

/** How a peer gets into its run. */
export type Entry =
  /** Everybody is known and begins with the first round. */
  | { readonly kind: 'members'; readonly members: readonly Member[] }
  /**
   * Peers come and go. `round` is where it left off, and 0 for who is new. `hasBegun`: the others may be in the middle
   * of it; it then goes on where they are. Otherwise it waits until `minPeers` are there.
   */
  | {
      readonly kind: 'open'
      readonly round: number
      readonly hasBegun: boolean
      readonly minPeers: number
      /** Where others were once. */
      readonly remembered: readonly Multiaddr[]
      /** Where they are written down: exactly these may take part, and the graph counts on all of them. */
      readonly members?: readonly Member[]
    }

/** What crossed this peer's network so far. */
export interface PeerCounters {
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly rejected: Readonly<Record<string, number>>
}

/** A peer put together from its parts. */
export interface AssembledPeer {
  readonly self: number
  readonly identity: Identity
  readonly parameters: Float32Array
  readonly counters: PeerCounters
  /** Listens and answers. Twice is once. */
  start(): Promise<void>
  addresses(): Multiaddr[]
  /** Whether it can be reached from outside, as far as is known by now. */
  reachability(): Reachability
  /** The others that are there, and where they are reached. */
  members(): Member[]
  /** Makes a peer known that is to be found at these addresses, and connects to it. @throws libp2p's error */
  connect(addresses: readonly Multiaddr[], signal: AbortSignal): Promise<void>
  /** Finds the others, then trains and merges round by round. Once only. */
  run(entry: Entry, signal: AbortSignal): AsyncGenerator<PeerEvent, void, undefined>
  /** Says goodbye and closes its connections after what is on its way has gone out. Twice is once. */
  stop(): Promise<void>
  /** Ends as a crash would: connections are cut, nobody is told. */
  kill(): Promise<void>
}

/** A peer: identity, libp2p host, and the rounds that join learning to the network. It decides nothing itself. */
export async function assemblePeer(init: AssemblyInit): Promise<AssembledPeer> {
  const { manifest, runId, self, field } = init
  const merge = resolveMerge(manifest.merge)
  const isAsync = manifest.mode === 'async'
  const node: HearsayHost = await createHost({
    privateKey: init.identity.privateKey,
    transport: init.transport,
    listen: [...init.listen],
    // On a dense graph every member may dial, and all at once when a run begins.
    maxConnections: Math.max(128, manifest.peers + 64),
    connectionsPerSecond: Math.max(64, manifest.peers),
    ...(field && {
      field: { ...field.field, ...lanOf(field, runId, peer => node.dial(peer)) },
      scoredTopics: { [presenceTopic(runId)]: presenceScore },
    }),
    ...(field?.networkKey && { networkKey: field.networkKey }),
    ...(field?.access && { access: field.access }),
  })
  let federation: Federation | undefined
  let exchange: StreamExchange | undefined
  let open: OpenRun | undefined
  let round = 0
  let isLeaving = false
  const stopping = new AbortController()

  const admit = (sender: string, theirRound: number, step: number): RejectionReason | undefined => {
    if (theirRound >= manifest.rounds || step >= merge.gossipSteps) return 'FUTURE_ROUND'
    const where = federation?.at(theirRound)
    const number = where?.numbers.get(sender)
    if (where === undefined || number === undefined) return 'NOT_A_NEIGHBOUR'
    if (!isAsync && theirRound > round + roundsAhead(where.topology)) return 'FUTURE_ROUND'
    return where.graph.receivesFrom(where.self).includes(number) ? undefined : 'NOT_A_NEIGHBOUR'
  }
  const handover: Handover = createHandover({
    runId,
    layout: init.head.layout,
    encoding: manifest.encoding,
    latestOnly: isAsync,
    normLimit: manifest.limits.headNorm,
    admit,
    ...(init.buffers === undefined ? {} : { buffers: init.buffers }),
  })({ node })
  const presence: Presence = createPresence({
    runId,
    rounds: manifest.rounds,
    name: init.name,
    ...(field === undefined ? {} : { beatMs: presenceProtocol.beatMs }),
    ...(field?.access && { admits: field.access.admitsAuthor }),
    ...(field?.invite && { invite: field.invite }),
    standing: () =>
      open === undefined
        ? { ...plainStanding, leaving: isLeaving }
        : { ...open.standing(), addresses: dialAddresses(node), share: field?.share, leaving: isLeaving },
    onReport: (peer, report) => open?.learn(peer, report),
  })({ node })
  const state: StateService | undefined =
    field &&
    createState({
      runId,
      manifest: canonicalManifest(manifest),
      head: () => exchange?.latest(),
      ...(field.access && { admits: peer => field.access!.isAdmitted(peerIdFromString(peer)) }),
      view: createShares({
        presence,
        name: init.name,
        own: field.share,
        shares: manifest.peers,
        hasBegun: () => exchange !== undefined,
      }),
    })({ node })
  let life: 'idle' | 'started' | 'stopped' = 'idle'

  async function stop(): Promise<void> {
    if (life === 'stopped') return
    const wasStarted = life === 'started'
    life = 'stopped'
    stopping.abort()
    init.learner.leave()
    isLeaving = true
    if (wasStarted && field !== undefined) await presence.speak().catch(() => {})
    await presence.stop()
    await state?.stop()
    await handover.stop()
    await node.stop()
  }

  return {
    self,
    identity: init.identity,
    parameters: init.parameters,
    get counters() {
      return countersOf(handover.counters, presence, state, field?.access)
    },
    async start() {
      if (life !== 'idle') return
      life = 'started'
      await node.start()
      await handover.start()
      await state?.start()
      // In a simulation the book sees everything, and a record would be verified by every peer of the process.
      if (field !== undefined) await presence.start()
    },
    reachability: () => reachability(node),
    addresses: () => (field === undefined ? node.getMultiaddrs() : dialAddresses(node)),
    members: () =>
      presence.live().map(peer => {
        const { name, addresses } = presence.heard().get(peer)!
        return { name, peerId: peerIdFromString(peer), addresses }
      }),
    async connect(addresses, signal) {
      await node.dial([...addresses], { signal })
    },
    async *run(entry, signal) {
      const topologyOf = init.topologyOf
      let more: Pick<RoundsInit, 'first' | 'catchUp'> = {}
      if (entry.kind === 'members') {
        const { members } = entry
        const topology = topologyOf(members.length)
        federation = fixedFederation(members, self, topology)
        presence.expect(members.map(member => member.peerId))
        const joinMs = manifest.limits.joinSeconds * 1000
        yield* meet({ self, members, topology, joinMs, ...(field && { presence }) }, node, signal)
      } else {
        if (entry.members !== undefined) presence.expect(entry.members.map(({ peerId }) => peerId))
        open = createOpenRun({ ...init, ...entry, node, presence, handover, exchange: () => exchange })
        federation = open.federation
        const { remembered } = entry
        seekLost({ node, presence, remembered, dialMs }, stopping.signal).catch(error => {
          if (!stopping.signal.aborted) throw error
        })
        yield* open.gather(signal)
        more = { first: entry.round, catchUp: open.catchUp }
      }
      exchange = createExchange({
        node,
        handover,
        isAsync,
        dialMs,
        patience: patienceOf(manifest, field),
        ...(open === undefined ? {} : { whenElsewhere: open.whenElsewhere, keepsLatest: true }),
      })
      const { gossipSteps: steps, chebyshev } = merge
      const gossip =
        steps === 0
          ? {}
          : {
              gossip: createGossip({
                self,
                federation,
                steps,
                chebyshev,
                exchange,
                staleness: stalenessSchema.parse(manifest.staleness ?? {}),
                isOpen: entry.kind === 'open' && entry.members === undefined,
              }),
            }
      const { rounds, evaluation } = manifest
      let report: RoundReport = { round, samples: 0 }
      for await (const event of runRounds(
        { ...init, ...gossip, ...more, rounds, evaluateEvery: evaluation.every },
        signal,
      )) {
        if (event.type === 'caught-up') round = event.to
        if (event.type === 'trained') {
          round = event.round
          report = { round, samples: event.samples, loss: event.loss }
        }
        if (event.type === 'merged') report = { ...report, localDistance: event.localDistance }
        if (event.type === 'evaluated') report = { ...report, accuracy: event.accuracy }
        if (event.type === 'ended' && field !== undefined) await presence.publish(report)
        yield event
      }
      // A neighbour may need our last head to finish; each send has its own deadline.
      await exchange.idle()
    },
    stop,
    async kill() {
      for (const connection of node.getConnections()) connection.abort(new Error('killed on request'))
      life = 'stopped'
      stopping.abort()
      init.learner.leave()
      await presence.stop()
      await state?.stop()
      await handover.stop()
      await node.stop()
    },
  }
}

/** Of who is found on the LAN, enough are dialled for a first word; presence tells of the others. */
function lanOf(
  { lan = false }: InTheField,
  runId: Uint8Array,
  dial: (peer: PeerId) => Promise<unknown>,
): Pick<FieldInit, 'lan'> {
  if (!lan) return {}
  const dialled = new Set<string>()
  return {
    lan: {
      runId,
      onFound(peer) {
        if (dialled.size >= lanContacts && !dialled.has(peer.toString())) return
        dialled.add(peer.toString())
        // Whoever is not there is found again, or another is.
        dial(peer).catch(() => dialled.delete(peer.toString()))
      },
    },
  }
}

/** In a simulation always the longest wait: its numbers must not depend on how busy the machine is. */
function patienceOf({ limits }: Manifest, field: InTheField | undefined): ReturnType<typeof fixedPatience> {
  const longestMs = limits.exchangeSeconds * 1000
  return field === undefined ? fixedPatience(longestMs) : adaptivePatience({ longestMs })
}

/**
 * How far ahead of us a neighbour may honestly be. Over an edge that goes both ways it needs our head of each round,
 * so one round; along one-way edges the news takes up to log₂ m rounds to come round. A little more is allowed for
 * neighbours that stopped waiting for us at a deadline.
 */
function roundsAhead(topology: Topology): number {
  return (topology.directed ? Math.ceil(Math.log2(topology.peers)) + 1 : 1) + 3
}

function countersOf(
  handover: HandoverCounters,
  presence: Presence,
  state: StateService | undefined,
  access: Access | undefined,
): PeerCounters {
  const rejected: Record<string, number> = { ...handover.rejected }
  for (const [reason, count] of Object.entries(presence.counters.rejected)) {
    rejected[reason] = (rejected[reason] ?? 0) + count
  }
  // Some of its reasons have the names of others'.
  for (const [reason, count] of Object.entries(access?.rejected ?? {})) rejected[`ACCESS_${reason}`] = count
  return {
    sentBytes: handover.sentBytes + presence.counters.sentBytes + (state?.sentBytes ?? 0),
    receivedBytes: handover.receivedBytes,
    rejected,
  }
}
