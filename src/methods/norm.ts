import { tooLong } from '../merge/index.js'
import { squaredNorm } from '../tensors/index.js'
import { inSlices } from '../turns.js'
import type { RefusedHead } from './session.js'

/** The Euclidean norm of the numbers from `start` on, in slices: a network is served between them. */
export async function normOf(values: Float32Array, start = 0): Promise<number> {
  let squares = 0
  await inSlices(values.length - start, 1, (from, to) => {
    squares += squaredNorm(values, start + from, start + to)
  })
  return Math.sqrt(squares)
}

/**
 * Those among received vectors that are too long to be used: see `tooLong` in merge/belief.ts.
 *
 * @param own - the own vector's norm
 * @param norms - of those received, by their keys
 */
export function refusedAsTooLong<Key>(
  own: number,
  norms: ReadonlyMap<Key, number>,
  times: number,
): Map<Key, Pick<RefusedHead, 'reason' | 'times'>> {
  const all = [...norms]
  const places = tooLong(
    own,
    all.map(([, norm]) => norm),
    times,
  )
  return new Map(
    places.map(place => {
      const [key, norm] = all[place]!
      return [key, { reason: 'TOO_LONG', times: norm / (times * own) }]
    }),
  )
}
