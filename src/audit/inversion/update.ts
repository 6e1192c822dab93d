import { type Samples, takeSamples } from '../../data/index.js'
import type { PeerData } from '../../learner/index.js'
import { random } from '../../random.js'
import type { Audited } from '../audited.js'
import type { Recipe } from '../recipe.js'
import type { Seen } from '../seen.js'

/** Draws some of a peer's records. */
export function drawn(samples: Samples, count: number, seed: number, ...scope: number[]): Samples {
  const order = random(seed, 'audit/batch', ...scope).shuffle(Uint32Array.from({ length: samples.size }, (_, i) => i))
  return takeSamples(samples, order.subarray(0, count))
}

/** How far a section was moved, as a gradient: (before − after) / η; of several peers its mean. */
export function updateOf(
  { section }: Pick<Seen, 'section'>,
  moves: readonly { readonly before: Float32Array; readonly after: Float32Array }[],
  learningRate: number,
): Float32Array {
  const update = new Float32Array(section.layout.size)
  for (const { before, after } of moves) {
    for (let k = 0; k < update.length; k++) {
      const at = section.start + k
      update[k]! += (before[at]! - after[at]!) / learningRate / moves.length
    }
  }
  return update
}

/**
 * What a neighbour sees of a step that these records take part in, and as many at each peer of the company.
 *
 * @param batch - of the audited peer
 */
export async function stepUpdate(
  { parameters, standardisation, members }: Audited,
  seen: Seen,
  recipe: Recipe,
  batch: Samples,
  seed: number,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const step = async (before: Float32Array, data: PeerData, records: number) => ({
    before,
    after: await recipe.step(before, data, records, signal),
  })
  const own = step(parameters, { samples: batch, standardisation }, members.samples.size)
  const others = seen.company.map(({ parameters, data, number }) => {
    const { samples, standardisation } = data
    const theirs = drawn(samples, Math.min(batch.size, samples.size), seed, number)
    return step(parameters, { samples: theirs, standardisation }, samples.size)
  })
  return updateOf(seen, await Promise.all([own, ...others]), recipe.learningRate)
}
