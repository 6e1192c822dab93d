import type { InPieces } from './rule.js'

/**
 * Makes an affine combination v = Σ a_k z_k, Σ a_k = 1, of the distances that the one before it has to the vectors, so
 * many times:
 *
 *     ‖v − z_j‖² = Σ_k a_k D_kj − ½ Σ_kl a_k a_l D_kl,   D the squared distances
 *
 * So rules that go on from their own result work on a few numbers, and the vectors are summed once. What rounding makes
 * negative is 0.
 *
 * @param start - the first combination
 * @param next - makes the next one of one and of its distances
 */
export async function combinedAgain(
  squares: readonly (readonly number[])[],
  start: readonly number[],
  times: number,
  next: (weights: readonly number[], distances: readonly number[]) => number[],
  inPieces: InPieces,
): Promise<number[]> {
  const count = squares.length
  const sums: number[] = []
  let weights = [...start]
  // A piece is a row: of many vectors all rows are no short work, and of few all steps are.
  await inPieces(times * count, count, at => {
    const place = at % count
    sums[place] = dot(weights, squares[place]!)
    if (place < count - 1) return
    const half = dot(weights, sums) / 2
    weights = next(
      weights,
      sums.map(sum => Math.sqrt(Math.max(0, sum - half))),
    )
  })
  return weights
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!
  return sum
}
