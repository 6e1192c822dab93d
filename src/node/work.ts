import type { HeadAnswers, StatePayload } from '../gossip/index.js'
import type { Federation } from './federation.js'
import type { OpenRun } from './open.js'
import type { RoundsInit } from './round.js'

/** What a peer goes back to where training diverges on its last merge. */
export interface Unmerged {
  /** As it was before the round's first merge. */
  readonly head: Float32Array
  /** Of the training that made it. */
  readonly loss: number
}

/** Who takes part, once that is known. */
export interface Beginning {
  readonly federation: Federation
  /** Where peers come and go. */
  readonly open: OpenRun | undefined
  /** Whether the members of a round are to be told of, because they change. */
  readonly tellsMembers: boolean
  /** Of a run that goes on behind a merge. */
  readonly unmerged?: Unmerged | undefined
}

/** What a method of learning together puts on the network and into a round: merging.ts and mixing.ts. */
export interface MethodWork {
  /** Registers its protocols. Twice is once. */
  start(): Promise<void>
  /** Twice is once. */
  stop(): Promise<void>
  /** Its part of the rounds. Once. */
  begin(beginning: Beginning): Pick<RoundsInit, 'train' | 'gossip' | 'evaluate' | 'evaluateBefore'>
  /** This peer is in this round now. */
  at(round: number): void
  /** Others may ask for the head that `parameters` had at the end of this round, until there is a newer one. */
  offer(round: number): Promise<void>
  /** The newest head of ours that others were given. */
  latest(): StatePayload | undefined
  /** Published heads, for who asks. */
  readonly heads?: HeadAnswers
  /** Resolves when what is on its way has gone out; each sending has its own deadline. */
  idle(): Promise<void>
  readonly counters: {
    readonly sentBytes: number
    readonly receivedBytes: number
    readonly rejected: Readonly<Record<string, number>>
  }
}
