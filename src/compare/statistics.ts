import { ascending, deviation, mean, quantileSorted } from 'd3-array'
import { random } from '../random.js'
import type { Spread } from './shape.js'

/** Mean and sample standard deviation of those that are known; null where none is. */
export function spreadOver(values: readonly (number | null)[]): Spread | null {
  const known = values.filter(value => value !== null)
  const middle = mean(known)
  return middle === undefined ? null : { mean: middle, deviation: deviation(known) ?? null }
}

/** Of fewer values no interval is computed: of two, resampling can only find the two and their middle. */
export const leastForInterval = 3

/** So many that the ends of an interval move by about a hundredth of its width from one seed to another. */
const resamples = 10_000

/**
 * 95 % bootstrap interval of the mean, by percentiles (Efron 1979, "Bootstrap methods: another look at the jackknife"),
 * as scipy.stats.bootstrap(method='percentile') has it. The same values give the same interval.
 */
export function bootstrapInterval(values: readonly number[]): [low: number, high: number] | null {
  if (values.length < leastForInterval) return null
  const { integer } = random(0, 'bootstrap')
  const means = Array.from({ length: resamples }, () => {
    let sum = 0
    for (let drawn = 0; drawn < values.length; drawn++) sum += values[integer(values.length)]!
    return sum / values.length
  }).sort(ascending)
  return [quantileSorted(means, 0.025)!, quantileSorted(means, 0.975)!]
}
