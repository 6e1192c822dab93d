import type { Dataset, Samples, Shard } from '../data/index.js'
import type { BackendReport } from '../learner/index.js'
import type { Manifest } from '../node/index.js'
import type { HeadSection, Layout } from '../tensors/index.js'
import type { Topology } from '../topology/index.js'
import type { Attack } from './attacks/attack.js'
import type { PeerModel } from './models.js'
import type { Transport } from './network.js'

/** What will be run, known before the first step. */
export interface Prepared {
  readonly manifest: Manifest
  readonly runId: Uint8Array
  readonly backend: BackendReport
  readonly workers: number
  readonly dataset: Dataset
  readonly shards: readonly Shard[]
  /** Each peer's test samples. */
  readonly tests: readonly Samples[]
  readonly models: readonly PeerModel[]
  /** Peer ids, as text. */
  readonly ids: readonly string[]
  readonly topology: Topology
  readonly spectralGap: number
  readonly layout: Layout
  readonly head: HeadSection
  readonly transport: Transport
  readonly attacks: readonly Attack[]
  /** How each hostile peer attacks, by number. */
  readonly attackers: ReadonlyMap<number, Attack>
  /** Each peer's test samples with the trigger of a backdoor: see `stampedTests`. Left out where there is none. */
  readonly stamped?: readonly Samples[]
}
