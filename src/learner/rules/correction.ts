import { tf } from '../tensorflow.js'
import { alongside } from './alongside.js'
import type { Rule } from './rule.js'

/** Adds a fixed vector to the gradient: SCAFFOLD's c − c_i (arXiv 1910.06378, eq. 3), or a momentum that only rounds change. */
export interface CorrectionSpec {
  readonly rule: 'correction'
  readonly by: Float32Array
  /** Where in the flat parameters `by` begins, at a tensor's edge: a head's own start. @default 0 */
  readonly start?: number
  /** Multiplies `by`. @default 1 */
  readonly factor?: number
}

/** g ← g + factor·by. */
export const correction: Rule<CorrectionSpec> = {
  name: 'correction',
  begin: (specs, weights, learningRate) =>
    alongside(
      weights,
      specs.map(({ by, start }) => ({ values: by, start })),
      // The same for all peers of a stack: they differ in their vectors alone.
      learningRate * (specs[0]!.factor ?? 1),
    ),
  update: (_, updates, { kept }) =>
    updates.map((update, i) => (kept[i] === undefined ? update : tf.add(update, kept[i]))),
}
