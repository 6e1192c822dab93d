import { random } from '../random.js'

/** A round's mini-batches cannot be drawn from nothing. */
export interface BatchOrder {
  readonly size: number
  readonly batch: number
  readonly epochs?: number
  readonly steps?: number
  readonly seed: number
  readonly peer: number
  readonly round: number
}

/**
 * The indices of each mini-batch of a round: every epoch goes through all samples once in a fresh order, and its last
 * batch holds what is left. With `steps`, epochs follow one another until there are enough batches. The order depends
 * on seed, peer and round alone, not on which worker trains.
 */
export function* batches({ size, batch, epochs, steps, seed, peer, round }: BatchOrder): Generator<Int32Array> {
  const draw = random(seed, 'batches', peer, round)
  const order = Uint32Array.from({ length: size }, (_, i) => i)
  let left = steps ?? (epochs ?? 1) * Math.ceil(size / batch)
  while (left > 0 && size > 0) {
    draw.shuffle(order)
    for (let at = 0; at < size && left > 0; at += batch, left--) yield Int32Array.from(order.subarray(at, at + batch))
  }
}
