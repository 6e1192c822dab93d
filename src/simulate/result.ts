import type { TrafficBytes } from '../gossip/index.js'
import type { Tested } from '../methods/index.js'
import type { KeptState, RoundFigures } from '../node/index.js'
import type { Spent } from '../privacy/index.js'
import type { Layout } from '../tensors/index.js'
import type { Baselines } from './baselines.js'

/** The result of one peer. */
export interface PeerResult {
  readonly name: string
  readonly samples: number
  /** On the whole test set after the last round; of a killed peer, after the last round that it tested. */
  readonly tested: Tested | undefined
  readonly failed: boolean
  /** What its training has cost in privacy. */
  readonly spent: Spent | undefined
  readonly layout: Layout
  readonly parameters: Float32Array
  /** The state that the peer keeps beside its parameters. */
  readonly kept: KeptState
}

export interface SimulationResult {
  /** Figures of the last round that every live peer finished; undefined when interrupted before. */
  readonly last: RoundFigures | undefined
  /** Figures of the last round that was tested: the last of all, unless interrupted. */
  readonly lastTested: RoundFigures | undefined
  readonly peers: readonly PeerResult[]
  readonly baselines: Baselines | undefined
  readonly sentBytes: number
  /** All bytes of all peers, by what they were for. */
  readonly traffic: TrafficBytes
  /** Expected heads that did not arrive. */
  readonly absent: number
  readonly rejected: Readonly<Record<string, number>>
  /** Samples trained by all peers, local epochs counted; baselines not. */
  readonly samples: number
  /** From the first peer's first step to the last peer's last step; baselines not counted. */
  readonly seconds: number
  readonly interrupted: boolean
}
