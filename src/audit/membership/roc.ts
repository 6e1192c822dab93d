import { ascending, bisectLeft, bisectRight, mean, variance } from 'd3-array'

/** How well a score tells members from others. */
export interface Separation {
  /** The probability that a member has a higher score than another record, ties counting half. Chance has 0.5. */
  readonly auc: number
  /** 95 % interval of it. */
  readonly interval: readonly [low: number, high: number]
  /** The most by which the share of members that are called members exceeds that of others, over all thresholds. */
  readonly advantage: number
  /**
   * The share of members that are found where at most one of 100 others is wrongly called one (arXiv 2112.03570, section III):
   * whom the attack exposes, it exposes with certainty. Chance has 0.01. Left out below {@link leastOthers} others, where
   * it would be the share at no false alarm, which one record decides.
   */
  readonly found?: number
}

/** 97.5 % of a normal distribution lie below. */
const normal = 1.959964
const falseAlarms = 0.01
/** Of fewer others none may be accused where one of 100 may. */
export const leastOthers = 1 / falseAlarms

/**
 * Measures an attack by its scores, whatever the threshold. The interval is that of DeLong et al. 1988 ("Comparing the
 * areas under two or more correlated receiver operating characteristic curves"), which asks no distribution of the scores.
 *
 * @param members - scores of those that were trained on, two or more
 * @param others - of those that were not, two or more
 */
export function separationOf(members: ArrayLike<number>, others: ArrayLike<number>): Separation {
  const [high, low] = [Float64Array.from(members).sort(ascending), Float64Array.from(others).sort(ascending)]
  const ofMembers = Array.from(high, score => placeIn(low, score))
  const ofOthers = Array.from(low, score => 1 - placeIn(high, score))
  const auc = mean(ofMembers)!
  const error = Math.sqrt(variance(ofMembers)! / high.length + variance(ofOthers)! / low.length)
  return {
    auc,
    interval: [Math.max(0, auc - normal * error), Math.min(1, auc + normal * error)],
    ...overThresholds(high, low),
  }
}

/** Calls whatever scores more than a threshold a member, for each threshold that makes a difference. */
function overThresholds(high: Float64Array, low: Float64Array): Pick<Separation, 'advantage' | 'found'> {
  let [advantage, found] = [0, 0]
  for (const threshold of [Number.NEGATIVE_INFINITY, ...low]) {
    const right = 1 - bisectRight(high, threshold) / high.length
    const wrong = 1 - bisectRight(low, threshold) / low.length
    advantage = Math.max(advantage, right - wrong)
    if (wrong <= falseAlarms) found = Math.max(found, right)
  }
  return { advantage, ...(low.length >= leastOthers && { found }) }
}

/** The share of sorted scores below this one, those that equal it counting half. */
function placeIn(sorted: Float64Array, score: number): number {
  return (bisectLeft(sorted, score) + bisectRight(sorted, score)) / 2 / sorted.length
}
