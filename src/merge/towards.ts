import { mix, type Pass } from './mix.js'

/** The own vector as the others know it, and how far a merge goes: what CHOCO needs of both. */
export interface PublicCopy {
  readonly values: Float32Array
  /** γ, above 0 and at most 1. */
  readonly gamma: number
}

/**
 * CHOCO's step (arXiv 1902.00340): x ← y + γ·(merged − x̂_i). What the others lack of the own vector stays in it whole,
 * so that with symmetric weights the peers' mean is kept whatever compression loses.
 *
 * @param merged - what a merge makes of the public copies, with the own one in the place of the own vector
 * @param own - y: must not be what the pass writes to
 */
export function towards(merged: Pass, own: Float32Array, { values, gamma }: PublicCopy): Pass {
  return {
    vectors: merged.vectors + 2,
    write(out, from, to) {
      merged.write(out, from, to)
      const step = [
        { peer: 0, weight: 1, values: own },
        { peer: 0, weight: gamma, values: out },
        { peer: 0, weight: -gamma, values },
      ]
      mix(out, step, from, to)
    },
  }
}
