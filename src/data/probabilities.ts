/** Softmax of each row of logits. @param width - numbers of a row */
export function softmaxRows(logits: Float32Array, width: number): Float32Array {
  const probabilities = new Float32Array(logits.length)
  const powers = new Float64Array(width)
  for (let at = 0; at < logits.length; at += width) {
    let most = Number.NEGATIVE_INFINITY
    for (let k = 0; k < width; k++) if (logits[at + k]! > most) most = logits[at + k]!
    let sum = 0
    for (let k = 0; k < width; k++) {
      powers[k] = Math.exp(logits[at + k]! - most)
      sum += powers[k]!
    }
    for (let k = 0; k < width; k++) probabilities[at + k] = powers[k]! / sum
  }
  return probabilities
}

/** The place of each row's largest number; of equal ones the first, as the learner counts correct answers. */
export function largestOfRows(rows: Float32Array, width: number): Int32Array {
  const places = new Int32Array(rows.length / width)
  for (let row = 0; row < places.length; row++) {
    let best = 0
    for (let k = 1; k < width; k++) if (rows[row * width + k]! > rows[row * width + best]!) best = k
    places[row] = best
  }
  return places
}
