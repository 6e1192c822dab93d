import { contributions, lowerMedian, mix, squaredDistances } from '../../merge/index.js'
import { reserveVector } from '../../tensors/index.js'
import { copyInSlices, inSlices } from '../../turns.js'

/** The heads of one exchange, and what the merge has made of them. */
export interface MergedHeads {
  /** z_i, the own head before the merge. */
  readonly own: Float32Array
  /** z_j of those that came, by id. */
  readonly heads: ReadonlyMap<string, Float32Array>
}

/**
 * The cosine of z_j − x_i with the merged step, by id; 0 where one of them is 0. It asks no data.
 *
 * The step is the one from x_i to z_i + Σ_j g_j·clip_u(z_j − z_i), with u the lower median of their lengths. In the step
 * that a merge takes, a head that is long enough vouches for itself, and speaks against all others: with weights of a
 * fifth, that of `sign-flip=2` had a cosine of 0.6 with it.
 *
 * @param before - x_i, the own head before the round's training
 * @param given - g_j, the weight of each in the merge, by id; none of those that were left out
 */
export async function cosines(
  { own, heads }: MergedHeads,
  before: Float32Array,
  given: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  const ids = [...heads.keys()]
  const vectors = [...heads.values()]
  const fromOwn = squaredDistances(own, vectors)
  await inSlices(own.length, vectors.length + 1, (from, to) => fromOwn.add(from, to))
  const lengths = fromOwn.totals().map(Math.sqrt)
  const usual = lowerMedian(lengths)!
  const row = ids.map((id, peer) => {
    const length = lengths[peer]!
    return { peer, weight: (given.get(id) ?? 0) * (length > usual ? usual / length : 1) }
  })
  const self = 1 - row.reduce((sum, { weight }) => sum + weight, 0)
  const parts = contributions({ self, from: row }, ids.length, own, new Map(vectors.entries()))
  const merged = reserveVector(own.length)
  await inSlices(own.length, parts.length, (from, to) => mix(merged, parts, from, to))

  const fromBefore = squaredDistances(before, [merged, ...vectors])
  const fromMerged = squaredDistances(merged, vectors)
  await inSlices(own.length, 2 * vectors.length + 2, (from, to) => {
    fromBefore.add(from, to)
    fromMerged.add(from, to)
  })
  const [step, ...apart] = fromBefore.totals() as [number, ...number[]]
  const left = fromMerged.totals()
  return new Map(
    ids.map((id, at) => {
      const both = 2 * Math.sqrt(step) * Math.sqrt(apart[at]!)
      // 2⟨a, b⟩ = ‖a‖² + ‖b‖² − ‖a − b‖²
      const cosine = both === 0 ? 0 : (step + apart[at]! - left[at]!) / both
      return [id, Math.max(-1, Math.min(1, cosine))]
    }),
  )
}

/**
 * L(z_i), and L(z_i) − L(z_i + w_ij·(z_j − z_i)) by id: what each head alone would do for this peer in a mean of these weights.
 *
 * @param weights - w_ij by id
 * @param place - where the loss is taken: each is laid there in turn. It is as it was in the end, whatever happens
 * @param loss - of the model with what lies there
 */
export async function gains(
  { own, heads }: MergedHeads,
  weights: ReadonlyMap<string, number>,
  place: Float32Array,
  loss: () => Promise<number>,
): Promise<{ readonly loss: number; readonly gains: ReadonlyMap<string, number> }> {
  const kept = reserveVector(place.length)
  await copyInSlices(kept, place)
  try {
    await copyInSlices(place, own)
    const alone = await loss()
    const found = new Map<string, number>()
    for (const [id, values] of heads) {
      const weight = weights.get(id)!
      const parts = [
        { peer: 0, weight: 1 - weight, values: own },
        { peer: 1, weight, values },
      ]
      await inSlices(place.length, parts.length, (from, to) => mix(place, parts, from, to))
      found.set(id, alone - (await loss()))
    }
    return { loss: alone, gains: found }
  } finally {
    place.set(kept)
  }
}
