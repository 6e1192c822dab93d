import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { Identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import type { Traffic } from '../traffic/traffic.js'
import type { FieldServices } from './field.js'

/** What runs on a host; identify and pubsub on one that publishes. A type and not an interface: libp2p's map of services has an index signature. */
export type HearsayServices = FieldServices & {
  /** All its bytes. */
  readonly traffic: Traffic
  readonly identify?: Identify
  readonly pubsub?: GossipSub
}

/** A libp2p host as Hearsay sets it up. */
export type HearsayHost = Libp2p<HearsayServices>
