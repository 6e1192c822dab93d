/**
 * Of each vector the row that is nearest to it by its direction, each row once.
 *
 * @param rows - one behind the other
 * @param count - of the rows
 */
export function placesOfNearest(rows: Float32Array, count: number, vectors: readonly Float32Array[]): number[] {
  const width = rows.length / count
  const lengths = Float64Array.from({ length: count }, (_, row) =>
    Math.sqrt(dot(rows, row * width, rows.subarray(row * width, (row + 1) * width))),
  )
  const places = vectors.map(vector => {
    let [best, most] = [0, Number.NEGATIVE_INFINITY]
    for (let row = 0; row < count; row++) {
      const cosine = lengths[row] === 0 ? 0 : dot(rows, row * width, vector) / lengths[row]!
      if (cosine > most) [best, most] = [row, cosine]
    }
    return best
  })
  return [...new Set(places)]
}

function dot(rows: Float32Array, from: number, vector: Float32Array): number {
  let sum = 0
  for (let k = 0; k < vector.length; k++) sum += rows[from + k]! * vector[k]!
  return sum
}
