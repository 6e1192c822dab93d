import type { Council, Weighing } from './rule.js'

/** α·z_i + (1 − α)·mean of the accepted; the own vector alone where nobody is. */
export function ownAndMean({ self, asked }: Council, alpha: number, accepted: readonly number[]): Weighing {
  const share = (1 - alpha) / accepted.length
  const isAccepted = new Set(accepted)
  return {
    weights: asked.map((_, place) => {
      if (place === self) return accepted.length === 0 ? 1 : alpha
      return isAccepted.has(place) ? share : 0
    }),
  }
}

/** The places of the others, the nearest first. */
export function nearestFirst({ self, near }: Council): number[] {
  return [...near.keys()].filter(place => place !== self).sort((a, b) => near[a]! - near[b]! || a - b)
}
