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

/** How private batches lie on the device: in passes of so many rows, some of which count nothing. */
export interface BatchShape {
  readonly passes: number
  readonly rows: number
}

/**
 * A larger draw takes further passes. Rows cost time whether they count or not, so they are for two deviations and not
 * for the six that no draw exceeds: of 32 in the mean, 48 instead of 72 rows, and one step in 300 with a pass more.
 */
const deviations = 2
/** Whole vectors of the processor. */
const multiple = 8

/** @param most - rows of a pass, for the device's memory */
export function batchShape(size: number, rate: number, most: number): BatchShape {
  const mean = size * rate
  const wanted = Math.ceil((mean + deviations * Math.sqrt(mean)) / multiple) * multiple
  const all = Math.min(size, wanted)
  const passes = Math.ceil(all / most)
  return { passes, rows: Math.ceil(all / passes) }
}

/** How many passes a draw takes: as many as usual, or more. */
export function passesOf(drawn: number, { passes, rows }: BatchShape): number {
  return Math.max(passes, Math.ceil(drawn / rows))
}
