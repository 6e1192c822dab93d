import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Samples } from '../data/index.js'
import type { Access, Buffers, HostInit, Reachability, Twin } from '../gossip/index.js'
import type { Learner, LearnerPool, LocalPlan, PeerData, PoolModel } from '../learner/index.js'
import type { HeadSection } from '../tensors/index.js'
import type { Topology } from '../topology/index.js'
import type { PeerCounters } from './counters.js'
import type { Entry } from './entry.js'
import type { PeerEvent } from './events.js'
import type { KeptState } from './kept-state.js'
import type { Lockstep } from './lockstep.js'
import type { Manifest } from './manifest.js'
import type { Summand } from './membership/agreed-sum.js'
import type { Member } from './membership/member.js'
import type { Identity } from './network/identity.js'
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
  readonly pool: LearnerPool
  /** Of the pool. */
  readonly model: PoolModel
  /** What it trains on. */
  readonly data: PeerData
  /** Decides its random numbers, with the run's seed. */
  readonly number: number
  /** What is handed over in a round in place of the head: a fault of a simulation. @default the head */
  readonly forge?: ((round: number, head: Float32Array) => Float32Array) | undefined
  /** See {@link PublicRoadInit}. */
  readonly isDeafTo?: PublicRoadInit['isDeafTo']
  /** Local training of a round. */
  readonly localPlan: (round: number) => LocalPlan
  /** The whole model, at its start; the run changes it in place. */
  readonly parameters: Float32Array
  readonly head: HeadSection
  readonly test: Samples
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
  /**
   * What it has beside `parameters`. Vectors are those at work, so they hold until the next round.
   *
   * @param upTo - no heads of later rounds. @default all
   */
  kept(upTo?: number): KeptState
  /**
   * Puts back what was kept; before `run`.
   *
   * @param source - what errors call it
   * @throws {@link HearsayError} `PARAMETERS` where it does not fit: nothing is put back then
   */
  restore(kept: KeptState, source: string): void
  /** Listens and answers. Idempotent. */
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
  /** Says goodbye and closes its connections after what is on its way has gone out. Idempotent. */
  stop(): Promise<void>
  /** Ends as a crash would: connections are cut, nobody is told. */
  kill(): Promise<void>
}
