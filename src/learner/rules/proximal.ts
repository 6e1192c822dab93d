import { tf } from '../tensorflow.js'
import { alongside } from './alongside.js'
import type { Rule } from './rule.js'

/** Pulls the weights to a fixed point: FedProx's term μ/2·‖y − to‖² (arXiv 1812.06127, eq. 2). */
export interface ProximalSpec {
  readonly rule: 'proximal'
  readonly to: Float32Array
  /** Where in the flat parameters `to` begins, at a tensor's edge: a head's own start. @default 0 */
  readonly start?: number
  /** μ. */
  readonly factor: number
}

/** g ← g + factor·(y − to). */
export const proximal: Rule<ProximalSpec> = {
  name: 'proximal',
  begin: (specs, weights) =>
    alongside(
      weights,
      specs.map(({ to, start }) => ({ values: to, start })),
    ),
  update: ({ factor }, updates, { weights, learningRate, kept }) =>
    updates.map((update, i) => {
      const to = kept[i]
      if (to === undefined) return update
      return tf.add(update, tf.mul(tf.sub(weights.variables[i]!, to), learningRate * factor))
    }),
}
