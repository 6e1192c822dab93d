import { besideNames, type Quality } from '../data/index.js'
import type { BesideSpread, Spread } from '../node/index.js'

/** Lowest, mean and highest of some numbers. */
export function spreadOf(values: readonly number[]): Spread {
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: Math.min(...values),
    max: Math.max(...values),
  }
}

/** The figures of peers' models beside the measure. */
export function besideOf(qualities: readonly Quality[]): BesideSpread {
  const spreads = besideNames.flatMap(name => {
    const values = qualities.flatMap(quality => quality[name] ?? [])
    return values.length === 0 ? [] : [[name, spreadOf(values)]]
  })
  const [first, ...others] = qualities.map(({ rarest }) => rarest)
  const isSame = others.every(other => other?.class === first?.class && other?.samples === first?.samples)
  return {
    ...Object.fromEntries(spreads),
    ...(first && isSame && { rarest: { class: first.class, samples: first.samples } }),
    ...(qualities.some(({ isUnbalanced }) => isUnbalanced) && { isUnbalanced: true }),
  }
}
