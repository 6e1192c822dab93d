import { tf } from '../tensorflow.js'
import { alongside } from './alongside.js'
import type { Rule } from './rule.js'

/** Goes on in the direction of earlier steps, those of earlier rounds too: DP-BREM's client momentum (arXiv 2306.12608). */
export interface LastingMomentumSpec {
  readonly rule: 'lastingMomentum'
  /** β. */
  readonly factor: number
  /** M before the round's first step, in units of the gradient; receives it as it is after the last one. */
  readonly along: Float32Array
  /** Where in the flat parameters `along` begins, at a tensor's edge: a head's own start. @default 0 */
  readonly start?: number
}

/** M ← βM + (1 − β)g ; y ← y − ηM. What `along` does not cover begins each round at M = 0. */
export const lastingMomentum: Rule<LastingMomentumSpec> = {
  name: 'lastingMomentum',
  begin: (specs, weights) =>
    alongside(
      weights,
      specs.map(({ along, start }) => ({ values: along, start })),
    ).map((kept, i) => kept ?? tf.tidy(() => tf.variable(tf.zerosLike(weights.variables[i]!), false))),
  update: ({ factor }, updates, { learningRate, kept }) =>
    updates.map((update, i) => {
      const momentum = kept[i]!
      // In units of the gradient, as η is another in the next round.
      const next = tf.add(tf.mul(momentum, factor), tf.mul(update, (1 - factor) / learningRate))
      momentum.assign(next)
      return tf.mul(next, learningRate)
    }),
  lasts: ({ along, start }) => ({ values: along, start }),
}
