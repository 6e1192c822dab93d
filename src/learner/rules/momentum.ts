import { tf } from '../tensorflow.js'
import type { Rule } from './rule.js'

/** Goes on in the direction of earlier steps of the round. */
export interface MomentumSpec {
  readonly rule: 'momentum'
  /** β. */
  readonly factor: number
}

/** v ← βv + g, from v = 0 at the beginning of a round (ALGORITHMS.md 2). What is kept is η·v: η is a round's. */
export const momentum: Rule<MomentumSpec> = {
  name: 'momentum',
  begin: (_, { variables }) => tf.tidy(() => variables.map(variable => tf.variable(tf.zerosLike(variable), false))),
  update: ({ factor }, updates, { kept }) =>
    updates.map((update, i) => {
      const velocity = kept[i]!
      const next = tf.add(tf.mul(velocity, factor), update)
      velocity.assign(next)
      return next
    }),
}
