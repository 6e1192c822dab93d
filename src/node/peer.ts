import { setMaxListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Samples } from '../data/index.js'
import {
  type Buffers,
  createHandover,
  createHost,
  createPresence,
  type Handover,
  type HandoverCounters,
  type Presence,
  type RejectionReason,
  type RoundReport,
} from '../gossip/index.js'
import type { Learner, LocalTraining } from '../learner/index.js'
import { resolveMerge } from '../merge/index.js'
import type { HeadSection } from '../tensors/index.js'
import { type Topology, unionGraph } from '../topology/index.js'
import type { PeerEvent } from './events.js'
import { createExchange, type Member } from './exchange.js'
import { createGossip } from './gossip.js'
import type { Identity } from './identity.js'
import type { Manifest } from './manifest.js'
import { runRounds } from './round.js'

/** Longest try to reach a neighbour whose connection is lost. On a working network a dial takes a few round trips. */
const dialMs = 5_000

/** Pause before a neighbour who is not there yet is dialled again. */
const redialMs = 500

export interface PeerInit {
  readonly manifest: Manifest
  readonly runId: Uint8Array
  /** This peer's number: its place in the list of members. */
  readonly self: number
  readonly name: string
  readonly identity: Identity
  readonly topology: Topology
  readonly learner: Learner
  readonly training: LocalTraining
  /** The whole model, at its common start; the run changes it in place. */
  readonly parameters: Float32Array
  readonly head: HeadSection
  readonly test: Samples
  /** Memory for heads under way. @default its own */
  readonly buffers?: Buffers
  readonly transport: 'tcp' | 'memory'
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[]
}

/** What crossed this peer's network so far. */
export interface PeerCounters {
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly rejected: Readonly<Record<string, number>>
}

export interface Peer {
  readonly self: number
  readonly identity: Identity
  readonly parameters: Float32Array
  readonly counters: PeerCounters
  /** Listens and answers. Twice is once. */
  start(): Promise<void>
  addresses(): Multiaddr[]
  /** Finds its neighbours among the members, then trains and merges round by round. Once only. */
  run(members: readonly Member[], signal: AbortSignal): AsyncGenerator<PeerEvent, void, undefined>
  /** Closes its connections after what is on its way has gone out. Twice is once. */
  stop(): Promise<void>
  /** Ends as a crash would: connections are cut, nobody is told. */
  kill(): Promise<void>
}

/** A peer: identity, libp2p host, and the rounds that join learning to the network. It decides nothing itself. */
export async function createPeer(init: PeerInit): Promise<Peer> {
  const { manifest, runId, self, topology } = init
  const merge = resolveMerge(manifest.merge)
  const node = await createHost({
    privateKey: init.identity.privateKey,
    transport: init.transport,
    listen: [...init.listen],
    // On a dense graph every member may dial, and all at once when a run begins.
    maxConnections: Math.max(128, topology.peers + 64),
    connectionsPerSecond: Math.max(64, topology.peers),
  })
  let members: readonly Member[] = []
  let numbers: ReadonlyMap<string, number> = new Map()
  let round = 0
  const aheadRounds = roundsAhead(topology)

  const admit = (sender: string, theirRound: number, step: number): RejectionReason | undefined => {
    const number = numbers.get(sender)
    if (number === undefined) return 'NOT_A_NEIGHBOUR'
    if (theirRound >= manifest.rounds || step >= merge.gossipSteps) return 'FUTURE_ROUND'
    if (theirRound > round + aheadRounds) return 'FUTURE_ROUND'
    return topology.graphAt(theirRound).receivesFrom(self).includes(number) ? undefined : 'NOT_A_NEIGHBOUR'
  }
  const handover: Handover = createHandover({
    runId,
    layout: init.head.layout,
    normLimit: manifest.limits.headNorm,
    admit,
    ...(init.buffers === undefined ? {} : { buffers: init.buffers }),
  })({ node })
  const presence: Presence = createPresence({ runId, rounds: manifest.rounds, name: init.name })({ node })
  let state: 'idle' | 'started' | 'stopped' = 'idle'

  async function stop(): Promise<void> {
    if (state === 'stopped') return
    state = 'stopped'
    init.learner.leave()
    await presence.stop()
    await handover.stop()
    await node.stop()
  }

  return {
    self,
    identity: init.identity,
    parameters: init.parameters,
    get counters() {
      return countersOf(handover.counters, presence)
    },
    async start() {
      if (state !== 'idle') return
      state = 'started'
      await node.start()
      await handover.start()
      await presence.start()
    },
    addresses: () => node.getMultiaddrs(),
    async *run(everyone, signal) {
      members = everyone
      numbers = new Map(members.map((member, number) => [member.peerId.toString(), number]))
      presence.expect(members.map(member => member.peerId))
      yield* join(init, node, presence, members, signal)
      const exchange = createExchange({
        self,
        members,
        node,
        handover,
        exchangeMs: manifest.limits.exchangeSeconds * 1000,
        dialMs,
      })
      const { gossipSteps: steps, chebyshev } = merge
      const gossip = steps === 0 ? {} : { gossip: createGossip({ self, topology, steps, chebyshev, exchange }) }
      const { rounds, evaluation } = manifest
      let report: RoundReport = { round, samples: 0 }
      for await (const event of runRounds({ ...init, ...gossip, rounds, evaluateEvery: evaluation.every }, signal)) {
        if (event.type === 'trained') {
          round = event.round
          report = { round, samples: event.samples, loss: event.loss }
        }
        if (event.type === 'merged') report = { ...report, localDistance: event.localDistance }
        if (event.type === 'evaluated') report = { ...report, accuracy: event.accuracy }
        if (event.type === 'ended') await presence.publish(report)
        yield event
      }
      // A neighbour may need our last head to finish; each send has its own deadline.
      await exchange.idle()
    },
    stop,
    async kill() {
      for (const connection of node.getConnections()) connection.abort(new Error('killed on request'))
      await stop()
    },
  }
}

/** Waits for the neighbours' presence, so that the first round does not begin without those who are just starting. */
async function* join(
  { self, topology, manifest }: PeerInit,
  node: Libp2p,
  presence: Presence,
  members: readonly Member[],
  signal: AbortSignal,
): AsyncGenerator<PeerEvent, void, undefined> {
  const graph = unionGraph(topology)
  const neighbours = [...new Set([...graph.sendsTo(self), ...graph.receivesFrom(self)])].sort((a, b) => a - b)
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(manifest.limits.joinSeconds * 1000)])
  // Every dial listens to it, as many as there are neighbours.
  setMaxListeners(0, deadline)
  await Promise.all(
    neighbours.map(async number => {
      const { peerId, addresses } = members[number]!
      await node.peerStore.merge(peerId, { multiaddrs: [...addresses] })
      // Of two who would dial each other only one does: a second connection would only be closed again.
      if (number > self) await dialUntilThere(node, peerId, deadline).catch(() => signal.throwIfAborted())
    }),
  )
  await presence
    .waitFor(
      neighbours.map(number => members[number]!.peerId.toString()),
      deadline,
    )
    .catch(() => signal.throwIfAborted())
  const heard = presence.heard()
  const missing = neighbours.filter(number => !heard.has(members[number]!.peerId.toString()))
  yield { type: 'joined', peer: self, heard: neighbours.length - missing.length, missing }
}

/**
 * Dials again and again: a neighbour may start after us, and where many peers of one machine connect at once some
 * handshakes miss libp2p's deadlines (120 edges of 16 peers on two busy cores did).
 *
 * @throws the signal's reason
 */
async function dialUntilThere(node: Libp2p, peerId: PeerId, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await node.dial(peerId, { signal })
      return
    } catch {
      await setTimeout(redialMs, undefined, { signal })
    }
  }
}

/**
 * How far ahead of us a neighbour may honestly be. Over an edge that goes both ways it needs our head of each round,
 * so one round; along one-way edges the news takes up to log₂ m rounds to come round. A little more is allowed for
 * neighbours that stopped waiting for us at a deadline.
 */
function roundsAhead(topology: Topology): number {
  return (topology.directed ? Math.ceil(Math.log2(topology.peers)) + 1 : 1) + 3
}

function countersOf(handover: HandoverCounters, presence: Presence): PeerCounters {
  const rejected: Record<string, number> = { ...handover.rejected }
  for (const [reason, count] of Object.entries(presence.counters.rejected)) {
    rejected[reason] = (rejected[reason] ?? 0) + count
  }
  return {
    sentBytes: handover.sentBytes + presence.counters.sentBytes,
    receivedBytes: handover.receivedBytes,
    rejected,
  }
}
