import { max, min } from 'd3-array'
import { randomNormal } from 'd3-random'
import { squaredDistances } from '../../merge/index.js'
import { inSlices } from '../../turns.js'
import type { VectorAttack } from './known.js'
import { normalQuantile } from './normal.js'

/* Attacks that hide in the spread among honest vectors, and noise (ALGORITHMS.md 6.2). */

/** N(0, σ²). */
export const noise: VectorAttack = (out, { random }, deviation) => {
  const draw = randomNormal.source(random.uniform)(0, deviation)
  // A normal number costs as much as summing some twenty.
  return inSlices(out.length, 20, (from, to) => {
    for (let k = from; k < to; k++) out[k] = draw()
  })
}

/**
 * "A little is enough": mean − ζ·std of what honest peers say (arXiv 1902.06156).
 *
 * @throws RangeError where no honest peer says anything
 */
export const alie: VectorAttack = (out, { honest }, zeta) => {
  const vectors = [...honest.values()]
  return inSlices(out.length, vectors.length + 1, (from, to) =>
    eachNumber(vectors, from, to, (k, mean, std) => {
      out[k] = mean - zeta * std
    }),
  )
}

/**
 * ALIE's ζ, by which the attackers need only as many honest peers on their side as make a majority. The paper's formula
 * is below 0 for one attacker of an even number, who would then be on the other side of the mean: no less than 0.
 *
 * @param peers - of the whole run
 * @param attackers - of them
 * @returns infinite where attackers are a majority by themselves
 */
export function alieFactor(peers: number, attackers: number): number {
  const supporters = Math.floor(peers / 2 + 1) - attackers
  const honest = peers - attackers
  return supporters < 1 ? Number.POSITIVE_INFINITY : normalQuantile(Math.max(0.5, (honest - supporters) / honest))
}

/**
 * Min-max: mean − γ·std with the largest γ that leaves the vector no further from any honest one than these are from one
 * another (NDSS 2021, "Manipulating the Byzantine"). The paper bisects; each ‖mean − γ·std − x_j‖² is a parabola in γ, so
 * its root is taken here.
 */
export const minMax: VectorAttack = async (out, { honest }) => {
  const vectors = [...honest.values()]
  const gamma = await largestGamma(vectors, out.length)
  await inSlices(out.length, vectors.length + 1, (from, to) =>
    eachNumber(vectors, from, to, (k, mean, std) => {
      out[k] = mean - gamma * std
    }),
  )
}

async function largestGamma(vectors: readonly Float32Array[], length: number): Promise<number> {
  const apart = vectors.slice(1).map((values, at) => squaredDistances(values, vectors.slice(0, at + 1)))
  const fromMean = new Float64Array(vectors.length)
  const along = new Float64Array(vectors.length)
  let squaredStd = 0
  await inSlices(length, vectors.length ** 2, (from, to) => {
    for (const distances of apart) distances.add(from, to)
    eachNumber(vectors, from, to, (k, mean, std) => {
      squaredStd += std * std
      for (let j = 0; j < vectors.length; j++) {
        const off = mean - vectors[j]![k]!
        fromMean[j]! += off * off
        along[j]! += std * off
      }
    })
  })
  if (squaredStd === 0) return 0
  const most = max(apart, ({ totals }) => max(totals()))!
  // ‖mean − x_j‖² − 2γ·⟨std, mean − x_j⟩ + γ²·‖std‖² = most, its larger root.
  const roots = vectors.map((_, j) => {
    const inner = along[j]! ** 2 + squaredStd * (most - fromMean[j]!)
    return (along[j]! + Math.sqrt(Math.max(0, inner))) / squaredStd
  })
  return min(roots)!
}

/** Mean and deviation over the vectors of each number, both of the population. */
function eachNumber(
  vectors: readonly Float32Array[],
  from: number,
  to: number,
  each: (k: number, mean: number, std: number) => void,
): void {
  const count = vectors.length
  if (count === 0) throw new RangeError('no honest peer says anything')
  for (let k = from; k < to; k++) {
    let sum = 0
    for (let j = 0; j < count; j++) sum += vectors[j]![k]!
    const mean = sum / count
    let squares = 0
    for (let j = 0; j < count; j++) squares += (vectors[j]![k]! - mean) ** 2
    each(k, mean, Math.sqrt(squares / count))
  }
}
