/** Sums side by side, so that none waits for its own last addition: number k of a vector goes to sum k mod 8. */
const lanes: i32 = 8

/**
 * Adds the squares of numbers to the sums.
 *
 * @param sums - address of 8 float64s
 * @param values - address of the first number
 * @param first - its place in the vector
 */
export function addSquares(sums: usize, values: usize, first: i32, length: i32): void {
  let k = 0
  for (; k < length && (first + k) % lanes !== 0; k++) addSquare(sums, first + k, at(values, k))
  let a = v128.load(sums)
  let b = v128.load(sums, 16)
  let c = v128.load(sums, 32)
  let d = v128.load(sums, 48)
  for (; k + lanes <= length; k += lanes) {
    const from = values + ((<usize>k) << 2)
    a = f64x2.add(a, squares(two(from)))
    b = f64x2.add(b, squares(two(from + 8)))
    c = f64x2.add(c, squares(two(from + 16)))
    d = f64x2.add(d, squares(two(from + 24)))
  }
  v128.store(sums, a)
  v128.store(sums, b, 16)
  v128.store(sums, c, 32)
  v128.store(sums, d, 48)
  for (; k < length; k++) addSquare(sums, first + k, at(values, k))
}

/** The same of the differences between the numbers of two vectors. */
export function addSquaredDifferences(sums: usize, values: usize, others: usize, first: i32, length: i32): void {
  let k = 0
  for (; k < length && (first + k) % lanes !== 0; k++) addSquare(sums, first + k, at(values, k) - at(others, k))
  let a = v128.load(sums)
  let b = v128.load(sums, 16)
  let c = v128.load(sums, 32)
  let d = v128.load(sums, 48)
  for (; k + lanes <= length; k += lanes) {
    const from = values + ((<usize>k) << 2)
    const other = others + ((<usize>k) << 2)
    a = f64x2.add(a, squares(f64x2.sub(two(from), two(other))))
    b = f64x2.add(b, squares(f64x2.sub(two(from + 8), two(other + 8))))
    c = f64x2.add(c, squares(f64x2.sub(two(from + 16), two(other + 16))))
    d = f64x2.add(d, squares(f64x2.sub(two(from + 24), two(other + 24))))
  }
  v128.store(sums, a)
  v128.store(sums, b, 16)
  v128.store(sums, c, 32)
  v128.store(sums, d, 48)
  for (; k < length; k++) addSquare(sums, first + k, at(values, k) - at(others, k))
}

function addSquare(sums: usize, place: i32, number: f64): void {
  const sum = sums + ((<usize>(place % lanes)) << 3)
  store<f64>(sum, load<f64>(sum) + number * number)
}

function at(values: usize, k: i32): f64 {
  return <f64>load<f32>(values + ((<usize>k) << 2))
}

/** Two float32s as float64s. */
function two(from: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load_zero<f64>(from))
}

function squares(numbers: v128): v128 {
  return f64x2.mul(numbers, numbers)
}
