import type { Handover, HeadAnswers, LogPlace, StatePayload } from '../../gossip/index.js'
import type { Roads } from '../../methods/index.js'
import type { Federation } from '../membership/federation.js'
import type { Member } from '../membership/member.js'
import type { OpenRun } from '../membership/open-run.js'

/** The peers that take part, once they are known. */
export interface Beginning {
  readonly federation: Federation
  /** Set where peers come and go. */
  readonly open: OpenRun | undefined
}

/** One of the roads on which a method's vectors travel, over libp2p: neighbour-road.ts and public-road.ts. */
export interface Road<Kind extends keyof Roads = keyof Roads> {
  readonly kind: Kind
  /** Registers its protocols. Idempotent. */
  start(): Promise<void>
  /** Idempotent. */
  stop(): Promise<void>
  /** The road that the method is given. Nothing travels before {@link begin}. */
  readonly road: Roads[Kind]
  /** Called once, when it is known which peers take part. */
  begin(beginning: Beginning): void
  /** Called when this peer enters a round. */
  at(round: number): void
  /** Our newest payload that was sent to others, for newcomers. */
  latest(): StatePayload | undefined
  /** What our records state of it; its digest is empty where newcomers get none. @default what `latest` has */
  handed?(): Pick<StatePayload, 'round' | 'digest'> | undefined
  /** Answers requests for published heads. */
  readonly heads?: HeadAnswers
  /** Answers requests for the log. */
  log?(behind?: LogPlace): Uint8Array | undefined
  /** Decodes and releases heads that others hand over. */
  readonly handover?: Pick<Handover, 'payloadBytes' | 'decode' | 'release'>
  /** From now on only heads of these are accepted. */
  expect?(members: readonly Member[]): void
  /** Others may request these values as those of the end of this round, until there are newer ones. */
  offer?(round: number, values: Float32Array): Promise<void>
  /** Requests heads that live peers hold: for a peer that joins late, or was away. @throws the signal's reason */
  catchUp?(signal: AbortSignal): Promise<void>
  /** Drops the heads that were restored: they were received under another sum than this peer will have. */
  forgetRecalled?(): void
  /** Resolves when what is in transit has been sent; each send has its own deadline. */
  idle(): Promise<void>
  readonly counters: {
    readonly sentBytes: number
    readonly receivedBytes: number
    readonly rejected: Readonly<Record<string, number>>
  }
}
