import { seededWords } from '../../random.js'
import { type PhiloxKey, philox } from './philox.js'

/*
 * The directions along which a model is measured and moved: a sign for every number of the head, E[zzᵀ] = I, made anew
 * wherever one is needed and never kept.
 */

/** Signs that one counter gives, a bit each, low bit first; 0 is −1. Vectors are gone over in multiples of so many. */
export const signsInBlock = 128

/**
 * The key of all directions of one peer in one round. By the peer's id, as every peer knows it: a place in a list of
 * members is another at another peer.
 */
export function directionsOf(seed: number, peer: string, round: number): PhiloxKey {
  const key = new Uint32Array(2)
  seededWords(seed, `directions/${peer}`, round)(key)
  return [key[0]!, key[1]!]
}

/**
 * values ← values + step·z over [from, to), with one float32 rounding a number.
 *
 * @param sample - which of the key's directions: it is the counter's second word, the block its first
 * @param from - a multiple of {@link signsInBlock}
 */
export function moveAlong(
  values: Float32Array,
  step: number,
  key: PhiloxKey,
  sample: number,
  from = 0,
  to = values.length,
): void {
  const words = new Uint32Array(4)
  for (let at = from; at < to; ) {
    philox(words, key, at / signsInBlock, sample, 0, 0)
    for (let word = 0; word < 4 && at < to; word++) {
      let bits = words[word]!
      const end = Math.min(at + 32, to)
      for (; at < end; at++, bits >>>= 1) values[at]! += (bits & 1) === 0 ? -step : step
    }
  }
}
