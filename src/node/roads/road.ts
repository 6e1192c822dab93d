import type { Handover, HeadAnswers, StatePayload } from '../../gossip/index.js'
import type { Roads } from '../../methods/index.js'
import type { Federation } from '../membership/federation.js'
import type { Member } from '../membership/member.js'
import type { OpenRun } from '../membership/open-run.js'

/** Who takes part, once that is known. */
export interface Beginning {
  readonly federation: Federation
  /** Where peers come and go. */
  readonly open: OpenRun | undefined
}

/** One of the roads on which a method's vectors travel, over libp2p: neighbour-road.ts and public-road.ts. */
export interface Road<Kind extends keyof Roads = keyof Roads> {
  readonly kind: Kind
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
  /** Reads and gives back heads that others hand over. */
  readonly handover?: Handover
  /** From now on only these are heard. */
  expect?(members: readonly Member[]): void
  /** Others may ask for these values as those of the end of this round, until there are newer ones. */
  offer?(round: number, values: Float32Array): Promise<void>
  /** Gets the heads that some live peers hold: for a peer that comes late, or was away. @throws the signal's reason */
  catchUp?(signal: AbortSignal): Promise<void>
  /** Lets go of what was put back: it was received by another sum than this peer will have. */
  forgetRecalled?(): void
  /** Resolves when what is on its way has gone out; each sending has its own deadline. */
  idle(): Promise<void>
  readonly counters: {
    readonly sentBytes: number
    readonly receivedBytes: number
    readonly rejected: Readonly<Record<string, number>>
  }
}
