import { random } from '../random.js'
import type { LocalPlan } from './plan.js'

/** A round's mini-batches cannot be drawn from nothing. */
export interface BatchOrder extends Pick<LocalPlan, 'length' | 'batch'> {
  readonly size: number
  readonly seed: number
  readonly peer: number
  readonly round: number
}

/** How many mini-batches a round has. */
export function stepsOf({ size, batch, length }: Pick<BatchOrder, 'size' | 'batch' | 'length'>): number {
  if (size === 0) return 0
  return 'steps' in length ? length.steps : length.epochs * Math.ceil(size / batch)
}

/**
 * The indices of each mini-batch of a round: every epoch goes through all samples once in a fresh order, and its last
 * batch holds what is left. With `steps`, epochs follow one another until there are enough batches. The order depends
 * on seed, peer and round alone, not on which worker trains.
 */
export function* batches(wanted: BatchOrder): Generator<Int32Array, void, undefined> {
  const { size, batch, seed, peer, round } = wanted
  const draw = random(seed, 'batches', peer, round)
  const order = Uint32Array.from({ length: size }, (_, i) => i)
  let left = stepsOf(wanted)
  while (left > 0) {
    draw.shuffle(order)
    for (let at = 0; at < size && left > 0; at += batch, left--) yield Int32Array.from(order.subarray(at, at + batch))
  }
}

/** A round's batches, some at a time. */
export class BatchReader {
  private readonly drawn: Generator<Int32Array, void, undefined>
  private next: Int32Array | undefined

  constructor(wanted: BatchOrder) {
    this.drawn = batches(wanted)
  }

  /** How many samples the next one has; 0 at the end. */
  get rows(): number {
    this.next ??= this.drawn.next().value ?? undefined
    return this.next?.length ?? 0
  }

  /** The next batches, as long as they are of one size; `most` at most. None at the end. */
  read(most: number): Int32Array[] {
    const read: Int32Array[] = []
    const { rows } = this
    while (read.length < most && this.rows === rows && this.next !== undefined) {
      read.push(this.next)
      this.next = undefined
    }
    return read
  }
}
