import type { LearnerPool, PeerData } from '../learner/index.js'
import type { Kept } from './kept.js'
import type { Published } from './roads.js'

/** A peer that predicts after its run. */
export interface AskedPeer {
  /** The peer's name, in messages. */
  readonly name: string
  /** Its threads have the method's modules. */
  readonly pool: LearnerPool
  readonly parameters: Float32Array
  readonly kept: Kept
  /** What others had published. */
  readonly heads: readonly (Published & { readonly name?: string | undefined })[]
  /** The samples to predict, in the peer's standardisation. Labels are ignored. */
  readonly data: PeerData
  readonly isOfValues: boolean
}

/** The heads that an answer comes from. */
export interface Listened {
  /** In order, after the peer's own. */
  readonly heads: readonly { readonly peer: string; readonly name: string }[]
  /** `size × (1 + heads)`; a row sums to 1. */
  readonly weights: Float32Array
}

/** `size × width`: probabilities of the classes, or numbers in the model's standardised units. */
export interface Answer {
  readonly outputs: Float32Array
  readonly listened: Listened
}

/** How a method's peers answer when their model alone does not give the answer. */
export interface MethodAnswers<S> {
  /** What an answer needs beside the model, for a user that gets the model alone. */
  readonly beside: string
  /** @throws {@link HearsayError} `PARAMETERS` where what was kept does not fit; the signal's reason */
  predict(section: S, peer: AskedPeer, options: { readonly signal?: AbortSignal }): Promise<Answer>
}
