import type { LearnerPool, PeerData } from '../learner/index.js'
import type { Kept } from './kept.js'
import type { Published } from './roads.js'

/** A peer that is asked after its run. */
export interface AskedPeer {
  /** In messages. */
  readonly name: string
  /** Its threads have the method's modules. */
  readonly pool: LearnerPool
  readonly parameters: Float32Array
  readonly kept: Kept
  /** What others had published. */
  readonly heads: readonly (Published & { readonly name?: string | undefined })[]
  /** What is asked, seen through the peer's standardisation. Labels are not looked at. */
  readonly data: PeerData
  readonly isOfValues: boolean
}

/** Whose heads an answer comes from. */
export interface Listened {
  /** Behind the own one. */
  readonly heads: readonly { readonly peer: string; readonly name: string }[]
  /** `size × (1 + heads)`; a row sums to 1. */
  readonly weights: Float32Array
}

/** `size × width`: probabilities of the classes, or numbers in the model's standardised units. */
export interface Answer {
  readonly outputs: Float32Array
  readonly listened: Listened
}

/** How peers of a method answer whose model alone is not the answer. */
export interface MethodAnswers<S> {
  /** What answers beside the model, for whoever gets the model alone. */
  readonly beside: string
  /** @throws {@link HearsayError} `PARAMETERS` where what was kept does not fit; the signal's reason */
  predict(section: S, peer: AskedPeer, options: { readonly signal?: AbortSignal }): Promise<Answer>
}
