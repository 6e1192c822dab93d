/** Numbers of each vector that are sorted at a time: of a dozen vectors they stay in the first cache. */
const tile: i32 = 256
const tileBytes: usize = 1024

/**
 * out[k] = the mean of ranks `first` to below `last` of the numbers that the vectors have at k, for k below `length`:
 * their sum in float64 from the lowest on, divided and rounded once.
 *
 * @param out - address of float32s; may be that of one of the vectors
 * @param vectors - address of `count` addresses of float32s, none of them NaN
 * @param network - address of `exchanges` pairs of i32s, which together sort `count` numbers: lower place first
 * @param work - address of room for `count` tiles of 256 float32s
 */
export function meanOfRanks(
  out: usize,
  vectors: usize,
  count: i32,
  network: usize,
  exchanges: i32,
  first: i32,
  last: i32,
  work: usize,
  length: i32,
): void {
  for (let start = 0; start < length; start += tile) {
    const numbers = min(tile, length - start)
    const from = (<usize>start) << 2
    for (let j = 0; j < count; j++) {
      copy(tileAt(work, j), load<u32>(vectors + ((<usize>j) << 2)) + from, numbers)
    }
    for (let e = 0; e < exchanges; e++) {
      const pair = network + ((<usize>e) << 3)
      exchange(tileAt(work, load<i32>(pair)), tileAt(work, load<i32>(pair, 4)), numbers)
    }
    average(out + from, work, first, last, numbers)
  }
}

function tileAt(work: usize, j: i32): usize {
  return work + <usize>j * tileBytes
}

function copy(to: usize, from: usize, numbers: i32): void {
  let k = 0
  for (; k + 4 <= numbers; k += 4) v128.store(to + ((<usize>k) << 2), v128.load(from + ((<usize>k) << 2)))
  for (; k < numbers; k++) store<f32>(to + ((<usize>k) << 2), load<f32>(from + ((<usize>k) << 2)))
}

/** Puts the smaller of each two numbers into the first tile, the larger into the second. Of equals both remain. */
function exchange(low: usize, high: usize, numbers: i32): void {
  // What lies behind the numbers in a tile is sorted, too, and never read.
  const end = low + ((<usize>((numbers + 7) & ~7)) << 2)
  while (low < end) {
    const a = v128.load(low)
    const b = v128.load(high)
    const c = v128.load(low, 16)
    const d = v128.load(high, 16)
    v128.store(low, f32x4.pmin(a, b))
    v128.store(high, f32x4.pmax(b, a))
    v128.store(low, f32x4.pmin(c, d), 16)
    v128.store(high, f32x4.pmax(d, c), 16)
    low += 32
    high += 32
  }
}

function average(out: usize, work: usize, first: i32, last: i32, numbers: i32): void {
  const ranks = f64x2.splat(<f64>(last - first))
  let k = 0
  for (; k + 4 <= numbers; k += 4) {
    const at = (<usize>k) << 2
    let lower = f64x2.splat(-0.0)
    let upper = lower
    for (let j = first; j < last; j++) {
      const four = v128.load(tileAt(work, j) + at)
      lower = f64x2.add(lower, f64x2.promote_low_f32x4(four))
      upper = f64x2.add(upper, f64x2.promote_low_f32x4(i64x2.shuffle(four, four, 1, 0)))
    }
    const low = f32x4.demote_f64x2_zero(f64x2.div(lower, ranks))
    const high = f32x4.demote_f64x2_zero(f64x2.div(upper, ranks))
    v128.store(out + at, i64x2.shuffle(low, high, 0, 2))
  }
  for (; k < numbers; k++) {
    const at = (<usize>k) << 2
    let sum: f64 = -0.0
    for (let j = first; j < last; j++) sum += <f64>load<f32>(tileAt(work, j) + at)
    store<f32>(out + at, <f32>(sum / <f64>(last - first)))
  }
}
