/**
 * τ of the rules that clip. `auto`: the (b + 1)-th largest of the distances, which b liars cannot raise; of b or fewer
 * distances the smallest. No more than twice the last one, so that b + 1 liars do not walk it up in one round; where
 * that was 0 all vectors were equal, which shows nothing of what is usual.
 *
 * @param liars - b
 * @param before - τ of the last round @default none
 */
export function boundOf(
  tau: number | 'auto',
  distances: readonly number[],
  liars: number,
  before: number | undefined,
): number {
  if (tau !== 'auto') return tau
  const sorted = [...distances].sort((a, b) => b - a)
  const bound = sorted[Math.min(liars, sorted.length - 1)] ?? 0
  return before === undefined || before === 0 ? bound : Math.min(bound, 2 * before)
}

/** By how much clip_τ shortens a vector of this length: min(1, τ/‖v‖). */
export function clipped(length: number, bound: number): number {
  return length <= bound ? 1 : bound / length
}
