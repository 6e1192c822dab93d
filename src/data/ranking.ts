/*
 * How well scores put samples of a class before all others, whatever the threshold: exact, from the ranks of all scores,
 * with ties.
 */

/** How well a class's probabilities rank the samples. */
export interface Ranking {
  /**
   * The probability that a sample of the class has a higher score than another one, ties counting half (Hanley and
   * McNeil 1982, "The meaning and use of the area under a ROC curve"): scikit-learn's roc_auc_score. Chance has 0.5.
   */
  readonly auroc: number
  /**
   * Σ (R_n − R_{n−1})·P_n, precision and recall at every threshold that occurs: scikit-learn's average_precision_score.
   * Chance has the class's share of the samples.
   */
  readonly averagePrecision: number
}

/**
 * Ranks the samples by their probability of one class; nothing where all of them or none are of it.
 *
 * @param probabilities - rows of `classes` numbers, from 0 to 1
 */
export function rankingOf(
  probabilities: Float32Array,
  labels: ArrayLike<number>,
  { positive, classes }: { readonly positive: number; readonly classes: number },
): Ranking | undefined {
  const keys = sortedKeys(probabilities, labels, positive, classes)
  let positives = 0
  for (const key of keys) positives += key & 1
  const negatives = keys.length - positives
  if (positives === 0 || negatives === 0) return undefined
  let [found, wrong, misplaced, area] = [0, 0, 0, 0]
  for (let at = keys.length - 1; at >= 0; ) {
    const score = keys[at]! >>> 1
    let [right, others] = [0, 0]
    for (; at >= 0 && keys[at]! >>> 1 === score; at--) {
      if ((keys[at]! & 1) === 1) right += 1
      else others += 1
    }
    misplaced += right * (wrong + others / 2)
    found += right
    wrong += others
    area += right * (found / (found + wrong))
  }
  return { auroc: 1 - misplaced / (positives * negatives), averagePrecision: area / positives }
}

/**
 * A key a sample, ascending: its score's bits, and behind them whether it is of the class. Bits of floats from 0 to 1
 * ascend as the floats do and leave two bits free,
 * so that one array of plain numbers is sorted, without a comparison function.
 */
function sortedKeys(
  probabilities: Float32Array,
  labels: ArrayLike<number>,
  positive: number,
  classes: number,
): Uint32Array {
  const bits = new Uint32Array(probabilities.buffer, probabilities.byteOffset, probabilities.length)
  const keys = new Uint32Array(labels.length)
  for (let i = 0; i < keys.length; i++) {
    keys[i] = bits[i * classes + positive]! * 2 + (labels[i] === positive ? 1 : 0)
  }
  return keys.sort()
}
