/**
 * Φ⁻¹, the quantile of the standard normal distribution, to 1e-9.
 *
 * Newton's method on Φ(z) = ½ + φ(z)·(z + z³/3 + z⁵/(3·5) + …). Begun at 0 it never passes the root, as Φ is concave
 * behind it.
 *
 * @param p - from 1e-5 to 1 − 1e-5: further out the sum loses digits
 */
export function normalQuantile(p: number): number {
  if (p < 0.5) return -normalQuantile(1 - p)
  let z = 0
  for (let change = 1; change > 1e-13; z += change) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
    change = (p - 0.5) / density - series(z)
  }
  return z
}

function series(z: number): number {
  let sum = 0
  for (let term = z, k = 3; sum + term !== sum; k += 2) {
    sum += term
    term *= (z * z) / k
  }
  return sum
}
