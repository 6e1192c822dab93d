import type { Session } from '../methods/index.js'
import type { NamedHead, PublicationRoad } from './roads/public-road.js'

/** What a mixture is beside the parameters: what a checkpoint must hold, and whoever asks it later. */
export interface PeerMixture {
  /**
   * Transforms and gate, as a safetensors file, and the heads that it has received, each with its peer's name.
   *
   * @param upTo - no heads of later rounds. @default all
   */
  kept(upTo?: number): { readonly weights: Uint8Array; readonly experts: readonly NamedHead[] }
  /** Puts both back. @throws {@link HearsayError} `PARAMETERS` when the weights do not fit */
  restore(weights: Uint8Array, experts: readonly NamedHead[], source: string): void
}

/** @param weights - of the method's session */
export function mixtureOf(session: Session, road: PublicationRoad): PeerMixture | undefined {
  const { weights, believes = () => true } = session
  if (weights === undefined) return undefined
  return {
    kept: upTo => ({ weights: weights.save(), experts: road.kept(upTo).filter(({ peer }) => believes(peer)) }),
    restore(bytes, experts, source) {
      weights.restore(bytes, source)
      road.recall(experts)
    },
  }
}
