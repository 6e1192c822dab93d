import type { Council } from './rule.js'

/**
 * τ of the rules that clip. `auto`: the (b + 1)-th largest of the distances, which b liars cannot raise above the largest
 * of the others; of b or fewer distances, all of which may be liars', the smallest.
 *
 * It is no more than twice that of the last round, so that b + 1 liars do not walk it up in one; of b or fewer distances
 * no more than that itself. Liars make it small by what lies near the own vector, where 2b or fewer are there: so that
 * honest peers are not cut for long after that, it may in any case be as large as what own training has moved in this
 * round, which no neighbour sets.
 *
 * @param distances - from the own vector, or from the centre
 */
export function boundOf(
  tau: number | 'auto',
  distances: readonly number[],
  { liars, bound: before, moved }: Pick<Council, 'liars' | 'bound' | 'moved'>,
): number {
  if (tau !== 'auto') return tau
  const sorted = [...distances].sort((a, b) => b - a)
  const bound = sorted[Math.min(liars, sorted.length - 1)] ?? 0
  if (before === undefined) return bound
  const grown = distances.length > liars ? 2 * before : before
  return Math.min(bound, Math.max(grown, moved))
}

/**
 * What is kept of τ for the next round: it falls by half in a round at most, so that one round with vectors near the own
 * one, whose τ is next to nothing, does not decide many rounds after it.
 *
 * @param before - what was kept in the last round @default none
 * @returns undefined where all τ so far were 0, which shows nothing of what is usual
 */
export function keptBound(bound: number, before = 0): number | undefined {
  return Math.max(bound, before / 2) || undefined
}

/** By how much clip_τ shortens a vector of this length: min(1, τ/‖v‖). */
export function clipped(length: number, bound: number): number {
  return length <= bound ? 1 : bound / length
}
