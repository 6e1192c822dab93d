import { randomGamma } from 'd3-random'
import type { Random } from '../../random.js'

/** The samples of each class, each list in an order of its own. */
export function indicesByClass(labels: Int32Array, classes: number, random: Random): Uint32Array[] {
  const counts = new Uint32Array(classes)
  for (const label of labels) counts[label]!++
  const lists = Array.from(counts, count => new Uint32Array(count))
  counts.fill(0)
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!
    lists[label]![counts[label]!++] = i
  }
  for (const list of lists) random.shuffle(list)
  return lists
}

/**
 * One draw from the symmetric Dirichlet distribution.
 *
 * Gamma numbers with a small shape underflow to zero, all of them at once, and their sum divides by zero. So the
 * logarithm is drawn: Gamma(α) = Gamma(α + 1) · U^(1/α).
 *
 * @returns `length` shares that sum to 1
 */
export function dirichlet(alpha: number, length: number, random: Random): Float64Array {
  const gamma = randomGamma.source(random.uniform)(alpha + 1)
  const logs = Float64Array.from({ length }, () => Math.log(gamma()) + Math.log(1 - random.uniform()) / alpha)
  const largest = logs.reduce((most, log) => Math.max(most, log), -Infinity)
  const shares = logs.map(log => Math.exp(log - largest))
  const sum = shares.reduce((total, share) => total + share, 0)
  return shares.map(share => share / sum)
}
