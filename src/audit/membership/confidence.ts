import type { Objective, Samples, Standardisation } from '../../data/index.js'

/** Keeps the logarithm of an error finite. */
const leastError = 1e-12

/**
 * How sure a model is of each record's own answer: the larger, the better it fits the record. Of classes ln(p / (1 − p)) of
 * the record's class, which is nearly normal over models (arXiv 2112.03570, section IV-C); of numbers −ln of the squared
 * error. Both order records as their losses do, the other way round.
 *
 * @param outputs - what the model puts out for each sample, a row each: see {@link PoolModel.predict}
 */
export function confidences(
  outputs: Float32Array,
  { labels, targets, size }: Samples,
  objective: Objective,
  { target }: Standardisation,
): Float64Array {
  const width = outputs.length / size
  if (objective.kind === 'classification') {
    return Float64Array.from(labels, (label, i) => {
      const row = outputs.subarray(i * width, (i + 1) * width)
      return row[label]! - logOfOthers(row, label)
    })
  }
  return Float64Array.from(labels, (_, i) => {
    const error = outputs[i]! - (targets![i]! - target!.mean) / target!.std
    return -Math.log(error * error + leastError)
  })
}

/** ln Σ exp(z) over all classes but one. */
function logOfOthers(row: Float32Array, label: number): number {
  const most = row.reduce((most, z, k) => (k === label ? most : Math.max(most, z)), Number.NEGATIVE_INFINITY)
  const sum = row.reduce((sum, z, k) => (k === label ? sum : sum + Math.exp(z - most)), 0)
  return most + Math.log(sum)
}
