/** Numbers in one turn of a loop: a cache line of each vector. */
const line: i32 = 16
/** Numbers summed at a time: their float64 sums, 8 KiB, stay in the first cache with the lines of a group. */
const tile: i32 = 1024
/** Vectors read side by side: of more streams than the processor fetches ahead, each line is waited for. */
const group: i32 = 6

/**
 * out[k] = sum of weights[j] * vectors[j][k] over j, for k below `length`: in float64, in the order of j, rounded once.
 *
 * @param out - address of float32s; may be that of one of the vectors
 * @param vectors - address of `count` addresses of float32s
 * @param weights - address of `count` float64s
 * @param sums - address of room for 1,024 float64s
 */
export function weightedSum(out: usize, vectors: usize, weights: usize, sums: usize, count: i32, length: i32): void {
  const whole = length & ~(line - 1)
  for (let start = 0; start < whole; start += tile) {
    const length = min(tile, whole - start)
    for (let first = 0; first < count; first += group) {
      sumGroup(out, vectors, weights, sums, first, count, (<usize>start) << 2, length)
    }
  }
  for (let k = whole; k < length; k++) {
    const at = (<usize>k) << 2
    let sum: f64 = -0.0
    for (let j = 0; j < count; j++) sum += weightAt(weights, j) * <f64>load<f32>(vectorAt(vectors, j) + at)
    store<f32>(out + at, <f32>sum)
  }
}

/** Adds the group that begins with vector `first` to the sums of one tile, or writes `out` if it is the last. */
function sumGroup(
  out: usize,
  vectors: usize,
  weights: usize,
  sums: usize,
  first: i32,
  count: i32,
  from: usize,
  length: i32,
): void {
  const last = min(first + group, count)
  const end = from + ((<usize>length) << 2)
  let sum = sums
  for (let at = from; at < end; at += line << 2) {
    // Negative zero: the one number whose addition changes no other, not even the sign of a zero.
    let a = f64x2.splat(-0.0)
    let b = a
    let c = a
    let d = a
    let e = a
    let f = a
    let g = a
    let h = a
    if (first > 0) {
      a = v128.load(sum)
      b = v128.load(sum, 16)
      c = v128.load(sum, 32)
      d = v128.load(sum, 48)
      e = v128.load(sum, 64)
      f = v128.load(sum, 80)
      g = v128.load(sum, 96)
      h = v128.load(sum, 112)
    }
    for (let j = first; j < last; j++) {
      const values = vectorAt(vectors, j) + at
      const weight = f64x2.splat(weightAt(weights, j))
      const p = v128.load(values)
      const q = v128.load(values, 16)
      const r = v128.load(values, 32)
      const s = v128.load(values, 48)
      a = f64x2.add(a, f64x2.mul(weight, low(p)))
      b = f64x2.add(b, f64x2.mul(weight, high(p)))
      c = f64x2.add(c, f64x2.mul(weight, low(q)))
      d = f64x2.add(d, f64x2.mul(weight, high(q)))
      e = f64x2.add(e, f64x2.mul(weight, low(r)))
      f = f64x2.add(f, f64x2.mul(weight, high(r)))
      g = f64x2.add(g, f64x2.mul(weight, low(s)))
      h = f64x2.add(h, f64x2.mul(weight, high(s)))
    }
    if (last < count) {
      v128.store(sum, a)
      v128.store(sum, b, 16)
      v128.store(sum, c, 32)
      v128.store(sum, d, 48)
      v128.store(sum, e, 64)
      v128.store(sum, f, 80)
      v128.store(sum, g, 96)
      v128.store(sum, h, 112)
    } else {
      v128.store(out + at, rounded(a, b))
      v128.store(out + at, rounded(c, d), 16)
      v128.store(out + at, rounded(e, f), 32)
      v128.store(out + at, rounded(g, h), 48)
    }
    sum += line << 3
  }
}

function vectorAt(vectors: usize, j: i32): usize {
  return load<u32>(vectors + ((<usize>j) << 2))
}

function weightAt(weights: usize, j: i32): f64 {
  return load<f64>(weights + ((<usize>j) << 3))
}

/** The lower two of four float32s as float64s. */
function low(numbers: v128): v128 {
  return f64x2.promote_low_f32x4(numbers)
}

/** The upper two. */
function high(numbers: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(numbers, numbers, 1, 0))
}

/** Four float64s as float32s. */
function rounded(lower: v128, upper: v128): v128 {
  return i64x2.shuffle(f32x4.demote_f64x2_zero(lower), f32x4.demote_f64x2_zero(upper), 0, 2)
}
