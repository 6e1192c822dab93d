/**
 * The distances of an affine combination v = Σ a_k z_k, Σ a_k = 1, to the vectors themselves:
 *
 *     ‖v − z_j‖² = Σ_k a_k D_kj − ½ Σ_kl a_k a_l D_kl,   D the squared distances
 *
 * So rules that go on from their own result work on a few numbers, and the vectors are summed once. What rounding makes
 * negative is 0.
 */
export function distancesFrom(squares: readonly (readonly number[])[], combination: readonly number[]): number[] {
  const sums = squares.map(row => row.reduce((sum, square, k) => sum + combination[k]! * square, 0))
  const half = sums.reduce((sum, one, k) => sum + combination[k]! * one, 0) / 2
  return sums.map(sum => Math.sqrt(Math.max(0, sum - half)))
}
