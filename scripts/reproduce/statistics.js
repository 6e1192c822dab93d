/** Of numbers, null left out. */
export function mean(values) {
  const there = values.filter(value => value !== null)
  return there.reduce((sum, value) => sum + value, 0) / there.length
}

/** Of a sample, so divided by n − 1; 0 of one number alone. */
export function deviation(values) {
  if (values.length < 2) return 0
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
}

/** "84.2 ± 0.6": shares of 1 in per cent. */
export const percent = values => `${(mean(values) * 100).toFixed(1)} ± ${(deviation(values) * 100).toFixed(1)}`

/** Differences in points, with their sign. */
export function points(values) {
  const middle = mean(values) * 100
  return `${middle < 0 ? '−' : '+'}${Math.abs(middle).toFixed(1)} ± ${(deviation(values) * 100).toFixed(1)}`
}

/**
 * What differences, one a seed, say of "greater than `least`": `yes` where all of one standard deviation lies above it, `no`
 * where all of it lies below, else `within the spread`.
 */
export function verdict(differences, least = 0) {
  const [middle, spread] = [mean(differences) - least, deviation(differences)]
  if (differences.length < 2) return 'one seed'
  return Math.abs(middle) <= spread ? 'within the spread' : middle > 0 ? 'yes' : 'no'
}
