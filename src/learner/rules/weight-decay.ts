import { tf } from '../tensorflow.js'
import type { Rule } from './rule.js'

/** Pulls the weights to zero. */
export interface WeightDecaySpec {
  readonly rule: 'weightDecay'
  readonly factor: number
}

/** g ← g + factor·y. */
export const weightDecay: Rule<WeightDecaySpec> = {
  name: 'weightDecay',
  update: ({ factor }, updates, { weights, learningRate }) =>
    updates.map((update, i) => tf.add(update, tf.mul(weights.variables[i]!, learningRate * factor))),
}
