import type { Multiaddr } from '@multiformats/multiaddr'
import type { DataInput, Dataset, Reading } from '../data/index.js'
import type { BackendReport, ModelSpec } from '../learner/index.js'
import type { KeptLedger } from '../privacy/index.js'
import type { InTheField } from './assembled-peer.js'
import type { Manifest } from './manifest.js'
import type { Member } from './membership/member.js'
import type { Identity } from './network/identity.js'
import type { PeerNetwork } from './network/peer-network.js'

/** Options of a peer in the field. */
export interface PeerOptions {
  readonly manifest: Manifest
  readonly identity: Identity
  /** The name that others show for the peer: 1 to 64 printable characters. */
  readonly name: string
  /**
   * What the peer trains on: its own data, by the path or the name that a manifest's `data` would have, or samples in
   * memory; or a share of the manifest's partition, from 0.
   */
  readonly data: { readonly own: DataInput | Dataset } | { readonly share: number }
  /** Multiaddrs to listen on. @default any free TCP port of all networks */
  readonly listen?: readonly string[]
  /** Peers of the run to connect to first. @default none: others connect to this one */
  readonly contacts?: readonly Multiaddr[]
  /**
   * Addresses of others when this peer left. None of them need be live any more: after a power cut one peer is the
   * first to come back, and the one that comes back last ends alone.
   * @default none
   */
  readonly remembered?: readonly Multiaddr[]
  /**
   * The members of a fixed federation, this peer among them. No other peer can connect, and the graph contains all of
   * them, live or not.
   * @default peers come and go
   */
  readonly members?: readonly Member[]
  /**
   * A body of the peer's own, in a mixture: only the head's layout is agreed.
   * @default the run's; of several (`models`) the one that belongs to the peer's share
   */
  readonly model?: ModelSpec
  /**
   * What was charged to this peer's budget before (`ledger`), and what keeps it for good (`keep`). Required with the
   * manifest's section `privacy`, as a budget that is kept nowhere (`{}`) is spent again by the next process on the same
   * records. `openPeer` keeps it in its folder.
   * @default none, where the run has no such section
   */
  readonly budget?: KeptLedger
  /** How the peer is reached, and which others may connect. @default what a network without obstacles needs */
  readonly network?: PeerNetwork
  /** Whether the run has begun without this peer, which then continues at the others' round. @default false */
  readonly hasBegun?: boolean
  /** @default 'auto', the best that works here */
  readonly backend?: 'auto' | BackendReport['name']
  /** See {@link LearnerPoolInit.modules}; those of its method need not be named. @default none */
  readonly modules?: readonly URL[]
  /** Called when another process with this identity is found that began later; that one stops. Must not throw. */
  readonly onTwin?: InTheField['onTwin']
  readonly signal?: AbortSignal
  /** Called with the progress of reading the peer's data. */
  readonly onRead?: Reading['onRead']
}
