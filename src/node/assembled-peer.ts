import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Samples } from '../data/index.js'
import type { Access, Buffers, HostInit, Reachability, Twin } from '../gossip/index.js'
import type { Learner, LearnerPool, LocalPlan, PeerData, PoolModel } from '../learner/index.js'
import type { Repute } from '../merge/index.js'
import type { Tested } from '../methods/index.js'
import type { ContributionSpent } from '../privacy/index.js'
import type { HeadSection } from '../tensors/index.js'
import type { Topology } from '../topology/index.js'
import type { PeerCounters } from './counters.js'
import type { Entry } from './entry.js'
import type { NamedPeer, PeerEvent } from './events.js'
import type { KeptState } from './kept-state.js'
import type { Lockstep } from './lockstep.js'
import type { Manifest } from './manifest.js'
import type { Summand } from './membership/agreed-sum.js'
import type { Member } from './membership/member.js'
import type { Identity } from './network/identity.js'
import type { Training } from './private-learner.js'
import type { Forge } from './roads/forge.js'
import type { PublicRoadInit } from './roads/public-road.js'

/** What a peer is put together from. */
export interface AssemblyInit {
  readonly manifest: Manifest
  readonly runId: Uint8Array
  /** This peer's place in the list of members, where that is known beforehand. */
  readonly self: number
  readonly name: string
  readonly identity: Identity
  /** The topology for a number of peers. */
  readonly topologyOf: (peers: number) => Topology
  readonly learner: Learner
  /** With the manifest's section `privacy`: the budget that the learner spends from. */
  readonly budget?: Training['budget']
  readonly pool: LearnerPool
  /** One of the pool's models. */
  readonly model: PoolModel
  /** The data that the peer trains on. */
  readonly data: PeerData
  /** Determines the peer's random numbers, together with the run's seed. */
  readonly number: number
  /** Decides what is handed over: a simulated attack. @default the head */
  readonly forge?: Forge | undefined
  /** See {@link PublicRoadInit}. */
  readonly isDeafTo?: PublicRoadInit['isDeafTo']
  /** Local training of a round. */
  readonly localPlan: (round: number) => LocalPlan
  /** Initial parameters of the whole model; the run changes them in place. */
  readonly parameters: Float32Array
  readonly head: HeadSection
  readonly test: Samples
  /** See {@link uninformedLoss}. */
  readonly uninformed: number
  /** Memory for heads in transit. @default the peer's own */
  readonly buffers?: Buffers
  readonly transport: HostInit['transport']
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[]
  /** For a peer in the field; left out for one of a simulation. */
  readonly field?: InTheField
  /** In the field: what peers add up before the first round. @default nothing */
  readonly summand?: Summand | undefined
  /** What the peers of a simulation in lockstep know of each other. */
  readonly lockstep?: Lockstep | undefined
}

/** What a peer in the field has in addition to a simulated one. */
export interface InTheField extends Pick<HostInit, 'field' | 'networkKey' | 'metrics'> {
  /** Which peers may take part. @default all */
  readonly access?: Access
  /** The invitation that the peer shows in its records, in a run by invitation. */
  readonly invite?: Uint8Array
  /** Who has made that invitation. */
  readonly invitedBy?: string | undefined
  /** Called when another process with this peer's identity is found that began later. Must not throw. */
  readonly onTwin?: ((twin: Twin) => void) | undefined
  /** Whether the peer finds others of the run on the LAN and connects to a few. @default false */
  readonly lan?: boolean
  /** The share of the manifest's partition that the peer trains on, where it has no data of its own. */
  readonly share?: number
}

/** Another peer, by its last record. */
export interface HeardPeer extends NamedPeer {
  /** The last round that it has ended. */
  readonly round: number
  /** Number of its training samples. */
  readonly samples: number
  readonly loss?: number | undefined
  /** 0 to 1; left out where another measure is used. */
  readonly accuracy?: number | undefined
  /** `silent`: it has missed three beats. `left`: it has said so. */
  readonly standing: 'live' | 'silent' | 'left'
  readonly silentMs: number
  /** What this peer makes of it in the long run, with the manifest's `reputation`. */
  readonly repute?: Repute | undefined
}

/** A peer put together from its parts. */
export interface AssembledPeer {
  readonly self: number
  readonly identity: Identity
  readonly parameters: Float32Array
  readonly counters: PeerCounters
  /** What its training has cost in privacy, with the manifest's section `privacy`. */
  readonly spent: ContributionSpent | undefined
  /**
   * The peer's state besides `parameters`. Its vectors are those in use, so they are valid until the next round.
   *
   * @param upTo - the last round whose heads are included. @default all rounds
   */
  kept(upTo?: number): KeptState
  /**
   * Restores a kept state, or what there is of it. Must be called before `run`.
   *
   * @param source - its name in errors
   * @throws {@link HearsayError} `PARAMETERS` if it does not fit; nothing but `arrivals` is restored then
   */
  restore(kept: Partial<KeptState>, source: string): void
  /** Listens, and answers requests. Idempotent. */
  start(): Promise<void>
  addresses(): Multiaddr[]
  /** The multiaddrs that the peer listens on: as configured, with the ports that were assigned. */
  listening(): string[]
  /** Whether the peer can be reached from outside, as far as is known so far. */
  reachability(): Reachability
  /** The other live peers, with their addresses. */
  members(): Member[]
  /** The other peers that were heard of, live or not. */
  heard(): HeardPeer[]
  /** The peers that left after their last round; they do not come back. */
  finished(): PeerId[]
  /** Connects to the peer at these addresses, which is then known. @throws libp2p's error */
  connect(addresses: readonly Multiaddr[], signal: AbortSignal): Promise<void>
  /**
   * Loss of the model as it is now, on a few own samples, in units of an uninformed answer's. 0 where that is
   * meaningless: in a mixture, which averages no heads, and before the standardisation is agreed on.
   *
   * @param saved - the sum agreed on before this peer left
   */
  relativeLoss(saved: string | undefined, signal: AbortSignal): Promise<number>
  /** Tests the model as it is now. To be called while an event of the run is held: the model is still then. */
  evaluate(round: number, signal: AbortSignal): Promise<Tested>
  /** Finds the other peers, then trains and merges round by round. May be called once. */
  run(entry: Entry, signal: AbortSignal): AsyncGenerator<PeerEvent, void, undefined>
  /** Resolves when nothing that the peer has sent is still in transit. */
  idle(): Promise<void>
  /** Announces that the peer leaves, and closes its connections once all that is in transit was sent. Idempotent. */
  stop(): Promise<void>
  /** Ends as a crash would: connections are cut and no peer is notified. */
  kill(): Promise<void>
}
