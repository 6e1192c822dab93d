import type { MixtureLearner } from '../mixture/index.js'
import type { Mixing, NamedExpert } from './mixing.js'

/** What a mixture is beside the parameters: what a checkpoint must hold, and whoever asks it later. */
export interface PeerMixture {
  /**
   * Transforms and gate, as a safetensors file, and the heads that it has received, each with its peer's name.
   *
   * @param upTo - no heads of later rounds. @default all
   */
  kept(upTo?: number): { readonly weights: Uint8Array; readonly experts: readonly NamedExpert[] }
  /** Puts both back. @throws {@link HearsayError} `PARAMETERS` when the weights do not fit */
  restore(weights: Uint8Array, experts: readonly NamedExpert[], source: string): void
}

export function mixtureOf(learner: MixtureLearner, { named, recall }: Mixing): PeerMixture {
  return {
    kept: upTo => ({ weights: learner.save(), experts: named(upTo) }),
    restore(weights, experts, source) {
      learner.restore(weights, source)
      recall(experts)
    },
  }
}
