import type { HeadAnswers, StatePayload } from '../gossip/index.js'
import type { Roads } from '../methods/index.js'
import type { Federation } from './federation.js'
import type { OpenRun } from './open.js'

/** Who takes part, once that is known. */
export interface Beginning {
  readonly federation: Federation
  /** Where peers come and go. */
  readonly open: OpenRun | undefined
}

/** One of the roads on which a method's vectors travel, over libp2p: neighbour-road.ts and public-road.ts. */
export interface Road<Kind extends keyof Roads = keyof Roads> {
  /** Registers its protocols. Idempotent. */
  start(): Promise<void>
  /** Idempotent. */
  stop(): Promise<void>
  /** For the method. Nothing travels before {@link begin}. */
  readonly road: Roads[Kind]
  /** It is known who takes part. Once. */
  begin(beginning: Beginning): void
  /** This peer is in this round now. */
  at(round: number): void
  /** The newest of ours that others were given. */
  latest(): StatePayload | undefined
  /** Published heads, for those who ask. */
  readonly heads?: HeadAnswers
  /** Resolves when what is on its way has gone out; each sending has its own deadline. */
  idle(): Promise<void>
  readonly counters: {
    readonly sentBytes: number
    readonly receivedBytes: number
    readonly rejected: Readonly<Record<string, number>>
  }
}
