import { lowerMedian } from './belief.js'
import type { Pass } from './mix.js'

/** What a number of a merged update is divided by: those that sent one for it, or all messages. */
export type UpdateShare = 'senders' | 'all'

/**
 * SparseLoCo's merge (ALGORITHMS-2.md 6.3), anchor + mean(update_j): a message that is longer than the median of all is
 * shortened to it, so that no single one leads; where few have sent a number, the mean of those few is taken.
 *
 * Adds up in the order given, in float64, and rounds once: on the same anchor the same vectors give the same bits.
 *
 * @param vectors - anchor + update_j. One that is the anchor has sent nothing, and counts for none
 * @param lengths - ‖update_j‖
 */
export function mergedUpdates(
  anchor: Float32Array,
  vectors: readonly Float32Array[],
  lengths: readonly number[],
  share: UpdateShare,
): Pass {
  const said = vectors.flatMap((values, at) => (lengths[at]! > 0 ? [{ values, length: lengths[at]! }] : []))
  const usual = lowerMedian(said.map(({ length }) => length)) ?? 0
  const parts = said.map(({ values, length }) => ({ values, factor: length > usual ? usual / length : 1 }))
  return {
    vectors: parts.length + 2,
    write(out, from, to) {
      for (let k = from; k < to; k++) {
        const start = anchor[k]!
        let sum = 0
        let senders = 0
        for (const { values, factor } of parts) {
          const by = values[k]! - start
          if (by === 0) continue
          sum += factor * by
          senders += 1
        }
        out[k] = senders === 0 ? start : start + sum / (share === 'senders' ? senders : parts.length)
      }
    },
  }
}
