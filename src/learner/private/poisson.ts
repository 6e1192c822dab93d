import type { PlanLength } from '../plan.js'

/** How many steps a round of private training has: so many that each sample takes part once an epoch, in the mean. */
export function privateStepsOf(length: PlanLength, rate: number): number {
  return 'steps' in length ? length.steps : Math.max(1, Math.round(length.epochs / rate))
}

/**
 * The samples of each step, without end: every one takes part with probability `rate`, whoever else does. A step may have
 * none.
 *
 * @param uniform - numbers in [0, 1); whoever can foretell them knows who takes part, and privacy counts on that they do
 *   not
 */
export function* poissonBatches(
  size: number,
  rate: number,
  uniform: () => number,
): Generator<Int32Array, never, undefined> {
  // From one that takes part to the next is a geometric distance: a draw for each of these instead of each sample.
  const scale = 1 / Math.log1p(-rate)
  const gap = (): number => Math.floor(Math.log(1 - uniform()) * scale)
  for (;;) {
    const batch: number[] = []
    for (let at = gap(); at < size; at += 1 + gap()) batch.push(at)
    yield Int32Array.from(batch)
  }
}

/** How a draw lies on the device: in passes of so many rows, some of which count nothing. */
export interface BatchShape {
  readonly passes: number
  readonly rows: number
}

/** Whole vectors of the processor. */
const multiple = 8

/**
 * Rows cost time whether they count or not, and each number of them is a step of another kind, which is recorded anew:
 * so they grow by about a deviation of the draw. Of 32 in the mean 32, 40 or 48, and 36 in the mean; enough for all but
 * one draw in 300 would be 48 every time.
 *
 * @param size - of the data that are drawn from
 * @param most - rows of a pass, for the device's memory
 */
export function batchShape(drawn: number, size: number, rate: number, most: number): BatchShape {
  const mean = size * rate
  const growth = Math.max(1, Math.ceil(Math.sqrt(mean) / multiple)) * multiple
  const all = Math.min(size, Math.ceil(Math.max(drawn, mean) / growth) * growth)
  const passes = Math.ceil(all / most)
  return { passes, rows: Math.ceil(all / passes) }
}
