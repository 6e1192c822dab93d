/** What a shadow model, trained on half of the records, has to say of all of them. */
export interface ShadowView {
  /** Its confidence in each record. */
  readonly confidences: Float64Array
  /** 1 for each record that it was trained on. */
  readonly isIn: Uint8Array
}

/** Below this a deviation would make ratios of nothing but rounding. */
const leastVariance = 1e-6

/**
 * The likelihood ratio of each record (LiRA, arXiv 2112.03570, algorithm 1): of the confidence that is seen, under a normal
 * distribution as it is with shadow models that had the record, over that with those that had not. Means are each record's
 * own; the two variances are all records' together, since a dozen shadows tell none of a single record (section VI-C).
 *
 * @param seen - the attacked model's confidence in each record
 * @param shadows - each record is in at least one of them, and not in at least one
 * @returns the logarithm, larger for what was more likely a member
 */
export function likelihoodRatios(seen: Float64Array, shadows: readonly ShadowView[]): Float64Array {
  const within = normalsOf(seen.length, shadows, 1)
  const without = normalsOf(seen.length, shadows, 0)
  return seen.map((confidence, i) => within(confidence, i) - without(confidence, i))
}

/** The log-density of a confidence in a record, but for a constant, with the shadows that had it or those that had not. */
function normalsOf(
  records: number,
  shadows: readonly ShadowView[],
  isIn: 0 | 1,
): (confidence: number, record: number) => number {
  const means = new Float64Array(records)
  let [squares, freedoms] = [0, 0]
  for (let i = 0; i < records; i++) {
    const values = shadows.filter(shadow => shadow.isIn[i] === isIn).map(({ confidences }) => confidences[i]!)
    means[i] = values.reduce((sum, value) => sum + value, 0) / values.length
    for (const value of values) squares += (value - means[i]!) ** 2
    freedoms += values.length - 1
  }
  const variance = Math.max(leastVariance, squares / Math.max(1, freedoms))
  return (confidence, record) => -((confidence - means[record]!) ** 2) / (2 * variance) - Math.log(variance) / 2
}
