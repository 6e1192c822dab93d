import { tf } from '../tensorflow.js'
import { alongside } from './alongside.js'
import type { Rule } from './rule.js'

/** Adds a fixed vector to the gradient: SCAFFOLD's c − c_i (arXiv 1910.06378, eq. 3). */
export interface CorrectionSpec {
  readonly rule: 'correction'
  readonly by: Float32Array
  /** Where in the flat parameters `by` begins, at a tensor's edge: a head's own start. @default 0 */
  readonly start?: number
}

/** g ← g + by. */
export const correction: Rule<CorrectionSpec> = {
  name: 'correction',
  begin: (specs, weights, learningRate) =>
    alongside(
      weights,
      specs.map(({ by, start }) => ({ values: by, start })),
      learningRate,
    ),
  update: (_, updates, { kept }) =>
    updates.map((update, i) => (kept[i] === undefined ? update : tf.add(update, kept[i]))),
}
