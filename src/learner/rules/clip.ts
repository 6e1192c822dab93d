import { tf } from '../tensorflow.js'
import { normGuard, type Rule } from './rule.js'

/** Bounds the 2-norm of the gradient over all tensors. */
export interface ClipSpec {
  readonly rule: 'clip'
  readonly limit: number
}

/** g ← g·min(1, limit/(‖g‖ + 1e-12)). */
export const clip: Rule<ClipSpec> = {
  name: 'clip',
  update({ limit }, updates, { weights, learningRate }) {
    const factor = tf.minimum(1, tf.div(learningRate * limit, tf.add(weights.norm(updates), normGuard)))
    return updates.map(update => tf.mul(update, factor))
  },
}
