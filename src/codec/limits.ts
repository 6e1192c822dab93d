import type { Pass } from './codec.js'
import { byPart, type Part } from './parts.js'

/** As bits of float32: what is smaller may become 0 in bfloat16, and counts as 0. */
const least = 0x00010000

/** The bits of a magnitude, in whose order magnitudes are; those that are not finite come last. */
export function keyOf(bits: number): number {
  const size = bits & 0x7fffffff
  return size < least ? 0 : size
}

/** Which bits of the 31 each pass finds. */
const digits = [
  { shift: 20, width: 11 },
  { shift: 9, width: 11 },
  { shift: 0, width: 9 },
] as const

/** Of each part the key of the k-th largest magnitude, and how many with that very key are among the k. */
export interface Limits {
  /** Once they are made, the two below are known. */
  readonly passes: readonly Pass[]
  readonly keys: Int32Array
  readonly equals: Int32Array
}

/**
 * Seeks them digit by digit: each pass counts how often a digit occurs in what has all those before, so that no pass
 * needs more than its slice, however large a part is.
 *
 * @param kept - k of each part
 */
export function limitsOf(bits: Int32Array, parts: readonly Part[], kept: readonly number[]): Limits {
  const keys = new Int32Array(parts.length)
  const equals = Int32Array.from(kept)
  const counts = new Uint32Array(1 << 11)
  const passes = digits.map(({ shift, width }) => {
    const mask = (1 << width) - 1
    return byPart(parts, (part, from, to) => {
      const before = keys[part]!
      for (let i = from; i < to; i++) {
        const key = keyOf(bits[i]!)
        if ((key >> shift) >> width === before) counts[(key >> shift) & mask]! += 1
      }
      if (to < parts[part]!.offset + parts[part]!.size) return
      let digit = mask
      for (; counts[digit]! < equals[part]!; digit--) equals[part]! -= counts[digit]!
      keys[part] = (before << width) | digit
      counts.fill(0)
    })
  })
  return { passes, keys, equals }
}
