import type { Multiaddr } from '@multiformats/multiaddr'
import type { DataInput, Dataset, Reading } from '../data/index.js'
import type { BackendReport, ModelSpec } from '../learner/index.js'
import type { InTheField } from './assembled-peer.js'
import type { Manifest } from './manifest.js'
import type { Member } from './membership/member.js'
import type { Identity } from './network/identity.js'
import type { PeerNetwork } from './network/peer-network.js'

/** A peer of the field. */
export interface PeerOptions {
  readonly manifest: Manifest
  readonly identity: Identity
  /** What others show for it: 1 to 64 printable characters. */
  readonly name: string
  /**
   * What it trains on: its own data, by the path or the name that a manifest's `data` would have, or samples in memory;
   * or a share of the manifest's partition, from 0.
   */
  readonly data: { readonly own: DataInput | Dataset } | { readonly share: number }
  /** Multiaddrs to listen on. @default any free TCP port of all networks */
  readonly listen?: readonly string[]
  /** A peer of the run to begin with, or several. @default none: others come to this one */
  readonly contacts?: readonly Multiaddr[]
  /**
   * Where others were when it left. None of them need be there still: after a power cut somebody is the first to come
   * back, and who comes back last ends alone.
   * @default none
   */
  readonly remembered?: readonly Multiaddr[]
  /**
   * A federation whose members are written down, this peer among them. Nobody else can connect, and the graph counts on
   * all of them, there or not.
   * @default whoever comes
   */
  readonly members?: readonly Member[]
  /**
   * A body of its own, in a mixture: only the head's layout is agreed.
   * @default the run's; of several (`models`) the one that belongs to its share
   */
  readonly model?: ModelSpec
  /** How it is reached, and who may connect. @default what a network without obstacles needs */
  readonly network?: PeerNetwork
  /** The run has begun without this peer: it goes on where the others are. @default false */
  readonly hasBegun?: boolean
  /** @default 'auto', the best that works here */
  readonly backend?: 'auto' | BackendReport['name']
  /** See {@link LearnerPoolInit.modules}; those of its method need not be named. @default none */
  readonly modules?: readonly URL[]
  /** Told of another process with this identity that began later, which is told to stop. Must not throw. */
  readonly onTwin?: InTheField['onTwin']
  readonly signal?: AbortSignal
  /** Told how far the reading of its data is. */
  readonly onRead?: Reading['onRead']
}
