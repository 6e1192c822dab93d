// Chunks of up to 4096 float32s on their way into few bytes and back: see src/codec. The numbers of a chunk are followed
// by zeros up to a multiple of four, and the bytes of one by at least eight that may be read and written.
//
// A chunk that is not finite becomes bytes that no decoder takes. Decoders return what is wrong with their bytes.

const fine: i32 = 0
const malformed: i32 = 1
const notFinite: i32 = 2

const magnitude: i32 = 0x7fffffff
/** Of float32s. */
const infinity: i32 = 0x7f800000
/** As bits of float32: what is smaller may become 0 in bfloat16, and counts as 0. */
const least: i32 = 0x00010000
const bf16NaN: u32 = 0x7fc0

/**
 * The k largest magnitudes of n numbers, of equals the first ones: as bfloat16, and behind them their places.
 *
 * @param low - bits of a place that are written as they are, see `writePlaces`
 * @param work - 25 KiB
 */
export function encodeTop(out: usize, values: usize, n: i32, k: i32, low: i32, work: usize): void {
  choose(work, values, n, k)
  for (let j = 0; j < k; j++) store<u16>(out + ((<usize>j) << 1), <u16>bf16At(values, place(work, j)))
  writePlaces(out + ((<usize>k) << 1), work, n, k, low)
}

/** And back, with zeros between. */
export function decodeTop(out: usize, from: usize, n: i32, k: i32, low: i32, work: usize): i32 {
  if (!readPlaces(work, from + ((<usize>k) << 1), n, k, low)) return malformed
  clear(out, n)
  for (let j = 0; j < k; j++) {
    const bits = (<u32>load<u16>(from + ((<usize>j) << 1))) << 16
    if (!isNumber(bits)) return notFinite
    store<u32>(out + ((<usize>place(work, j)) << 2), bits)
  }
  return fine
}

/**
 * The same k numbers as their means in four bins, two bits each: the quantiser of SparseLoCo (arXiv 2508.15706).
 *
 * The bins are as wide as 6/4 of the standard deviation, the third around the mean.
 */
export function encodeTopInBins(out: usize, values: usize, n: i32, k: i32, low: i32, work: usize): void {
  choose(work, values, n, k)
  let sum: f64 = 0
  for (let j = 0; j < k; j++) sum += numberAt(values, place(work, j))
  const mean = sum / <f64>k
  let squares: f64 = 0
  for (let j = 0; j < k; j++) {
    const c = numberAt(values, place(work, j)) - mean
    squares += c * c
  }
  const spread = (6 * Math.sqrt(squares / <f64>(k - 1))) / 4
  const width = spread > 0 && spread < Infinity ? spread : 1
  const bins = out + 16
  const binBytes = <usize>(k + 3) >> 2
  memory.fill(bins, 0, binBytes)
  // Sums and counts of the bins lie behind the places.
  const sums = work + 8192
  memory.fill(sums, 0, 64)
  for (let j = 0; j < k; j++) {
    const value = numberAt(values, place(work, j))
    const bin = <usize>max(0, min(3, <i32>nearest((value - mean) / width + 2)))
    const at = bins + (<usize>j >> 2)
    store<u8>(at, load<u8>(at) | <u8>(bin << ((<usize>(j & 3)) << 1)))
    const own = sums + (bin << 4)
    store<f64>(own, load<f64>(own) + value)
    store<f64>(own, load<f64>(own, 8) + 1, 8)
  }
  for (let bin: usize = 0; bin < 4; bin++) {
    const own = sums + (bin << 4)
    const count = load<f64>(own, 8)
    store<f32>(out + (bin << 2), count > 0 ? <f32>(load<f64>(own) / count) : 0)
  }
  writePlaces(bins + binBytes, work, n, k, low)
}

/** And back, with zeros between. */
export function decodeTopInBins(out: usize, from: usize, n: i32, k: i32, low: i32, work: usize): i32 {
  for (let bin: usize = 0; bin < 4; bin++) if (!isNumber(load<u32>(from + (bin << 2)))) return notFinite
  const bins = from + 16
  const binBytes = <usize>(k + 3) >> 2
  if ((k & 3) !== 0 && load<u8>(bins + binBytes - 1) >> <u8>((k & 3) << 1) !== 0) return malformed
  if (!readPlaces(work, bins + binBytes, n, k, low)) return malformed
  clear(out, n)
  for (let j = 0; j < k; j++) {
    const bin = (load<u8>(bins + (<usize>j >> 2)) >> <u8>((j & 3) << 1)) & 3
    store<u32>(out + ((<usize>place(work, j)) << 2), load<u32>(from + ((<usize>bin) << 2)))
  }
  return fine
}

/** k numbers at random as bfloat16, behind the seed that their places follow from. */
export function encodeRandom(out: usize, values: usize, n: i32, k: i32, work: usize): void {
  const seed = hashOf(values, n)
  store<u32>(out, seed)
  draw(work, seed, n, k)
  const areNumbers = largest(values, n) < infinity
  for (let j = 0; j < k; j++) {
    store<u16>(out + 4 + ((<usize>j) << 1), <u16>(areNumbers ? bf16At(values, place(work, j)) : bf16NaN))
  }
}

/** And back, with zeros between. */
export function decodeRandom(out: usize, from: usize, n: i32, k: i32, work: usize): i32 {
  draw(work, load<u32>(from), n, k)
  clear(out, n)
  for (let j = 0; j < k; j++) {
    const bits = (<u32>load<u16>(from + 4 + ((<usize>j) << 1))) << 16
    if (!isNumber(bits)) return notFinite
    store<u32>(out + ((<usize>place(work, j)) << 2), bits)
  }
  return fine
}

/** The mean magnitude, and a bit for each number: is it negative? */
export function encodeSigns(out: usize, values: usize, n: i32): void {
  let low = f64x2.splat(0)
  let high = low
  const bytes = <usize>(n + 7) >> 3
  memory.fill(out + 4, 0, bytes)
  for (let i = 0; i < n; i += 4) {
    const four = v128.load(values + ((<usize>i) << 2))
    const sizes = f32x4.abs(four)
    low = f64x2.add(low, f64x2.promote_low_f32x4(sizes))
    high = f64x2.add(high, f64x2.promote_low_f32x4(i64x2.shuffle(sizes, sizes, 1, 0)))
    const at = out + 4 + (<usize>i >> 3)
    store<u8>(at, load<u8>(at) | <u8>(i32x4.bitmask(four) << (i & 4)))
  }
  const sums = f64x2.add(low, high)
  store<f32>(out, <f32>((f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)) / <f64>n))
}

/** And back. */
export function decodeSigns(out: usize, from: usize, n: i32): i32 {
  const size = load<u32>(from)
  if (!isNumber(size)) return notFinite
  if (size > <u32>magnitude) return malformed
  const bytes = <usize>(n + 7) >> 3
  if ((n & 7) !== 0 && load<u8>(from + 3 + bytes) >> <u8>(n & 7) !== 0) return malformed
  const sizes = i32x4.splat(size)
  const places = i32x4(1, 2, 4, 8)
  for (let i = 0; i < n; i += 4) {
    const bits = i32x4.splat(<i32>load<u8>(from + 4 + (<usize>i >> 3)) >> (i & 4))
    const negative = i32x4.eq(v128.and(bits, places), places)
    v128.store(out + ((<usize>i) << 2), v128.or(sizes, i32x4.shl(negative, 31)))
  }
  return fine
}

/**
 * The largest magnitude, and each number as a whole one from 0 to twice the `levels`, which stands for a part of it: of
 * the two next to it by chance, so that the mean is the number. QSGD (arXiv 1610.02132, sections 3.1 and 5).
 *
 * @param bits - of a whole number
 */
export function encodeLevels(out: usize, values: usize, n: i32, levels: i32, bits: i32): void {
  const norm = largest(values, n)
  store<i32>(out, norm)
  memory.fill(out + 4, 0, <usize>(n * bits + 7) >> 3)
  const size = <f64>reinterpret<f32>(norm)
  const factor = norm > 0 && norm < infinity ? <f64>levels / size : 0
  const seed = hashOf(values, n)
  for (let i = 0; i < n; i++) {
    const value = numberAt(values, i)
    const parts = Math.abs(value) * factor
    const chance = <f64>mixed(seed + i) / 4294967296.0
    // NaN and infinity: the norm tells.
    const whole = factor > 0 ? min(levels, <i32>floor(parts + chance)) : 0
    setBits(out + 4, i * bits, <u32>(levels + (value < 0 ? -whole : whole)))
  }
}

/** And back. @param work - 1 KiB */
export function decodeLevels(out: usize, from: usize, n: i32, levels: i32, bits: i32, work: usize): i32 {
  const norm = load<u32>(from)
  if (!isNumber(norm)) return notFinite
  if (norm > <u32>magnitude) return malformed
  const size = <f64>reinterpret<f32>(norm)
  for (let q = 0; q <= 2 * levels; q++) {
    store<f32>(work + ((<usize>q) << 2), <f32>((size * <f64>(q - levels)) / <f64>levels))
  }
  let most: u32 = 0
  for (let i = 0; i < n; i++) {
    const q = readBits(from + 4, i * bits, bits)
    if (q > most) most = q
    store<f32>(out + ((<usize>i) << 2), load<f32>(work + ((<usize>min(q, <u32>(2 * levels))) << 2)))
  }
  return most > <u32>(2 * levels) || !isPadded(from + 4, n * bits) ? malformed : fine
}

/**
 * Writes the places, two bytes each, of the k largest magnitudes, ascending.
 *
 * Most numbers are only compared, with a bound that is not above the k-th largest: that of the k-th largest of the
 * stripes' largest, or of all where k is large. Those that reach it are few, and all k are among them.
 */
function choose(work: usize, values: usize, n: i32, k: i32): void {
  const keys = work + 8192
  const candidates = gather(work, keys, values, n, boundOf(keys, values, n, k))
  for (let c = candidates; (c & 3) !== 0; c++) store<i32>(keys + ((<usize>c) << 2), -1)
  const limit = ranked(keys, candidates, k, 1)
  let equals = k
  for (let c = 0; c < candidates; c++) if (load<i32>(keys + ((<usize>c) << 2)) > limit) equals--
  let j = 0
  for (let c = 0; c < candidates; c++) {
    const key = load<i32>(keys + ((<usize>c) << 2))
    if (key < limit || (key === limit && equals-- <= 0)) continue
    store<u16>(work + ((<usize>j) << 1), load<u16>(work + ((<usize>c) << 1)))
    j++
  }
}

/** A magnitude that k of the numbers reach, near the k-th largest. */
function boundOf(keys: usize, values: usize, n: i32, k: i32): i32 {
  const stripes = k <= 128 ? 256 : 1024
  let all = n
  if (n >= 4 * stripes && 2 * k <= stripes) {
    for (let s = 0; s < stripes; s += 4) {
      let most = sizesAt(values, s)
      for (let i = s + stripes; i < n; i += stripes) most = i32x4.max_s(most, sizesAt(values, i))
      v128.store(keys + ((<usize>s) << 2), most)
    }
    all = stripes
  } else for (let i = 0; i < n; i += 4) v128.store(keys + ((<usize>i) << 2), sizesAt(values, i))
  // The 15 highest bits: few more numbers reach them than all 31.
  const bound = ranked(keys, all, k, 1 << 16)
  return bound < least ? 0 : bound
}

/** Places and keys of the numbers whose magnitude reaches the bound. @returns how many */
function gather(places: usize, keys: usize, values: usize, n: i32, bound: i32): i32 {
  const bounds = i32x4.splat(bound)
  let count = 0
  for (let start = 0; start < n; start += 16) {
    const end = min(n, start + 16)
    if (end - start === 16) {
      const low = i32x4.max_s(sizesAt(values, start), sizesAt(values, start + 4))
      const high = i32x4.max_s(sizesAt(values, start + 8), sizesAt(values, start + 12))
      if (!v128.any_true(i32x4.ge_s(i32x4.max_s(low, high), bounds))) continue
    }
    for (let i = start; i < end; i += 4) {
      let hits = i32x4.bitmask(i32x4.ge_s(sizesAt(values, i), bounds))
      while (hits !== 0) {
        const at = i + ctz(hits)
        hits &= hits - 1
        if (at >= n) break
        store<u16>(places + ((<usize>count) << 1), <u16>at)
        store<i32>(keys + ((<usize>count) << 2), keyAt(values, at))
        count++
      }
    }
  }
  return count
}

/**
 * The k-th largest of n keys, bit by bit down to the last one asked for. Behind them there is none that is larger, up to
 * a multiple of four.
 */
function ranked(keys: usize, n: i32, k: i32, lastBit: i32): i32 {
  let found = 0
  for (let bit = 1 << 30; bit >= lastBit; bit >>= 1) {
    const tried = i32x4.splat(found | bit)
    let counts = i32x4.splat(0)
    for (let i = 0; i < n; i += 4) counts = i32x4.sub(counts, i32x4.ge_s(v128.load(keys + ((<usize>i) << 2)), tried))
    const pairs = i32x4.add(counts, i64x2.shuffle(counts, counts, 1, 0))
    if (i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1) >= k) found |= bit
  }
  return found
}

function sizesAt(values: usize, i: i32): v128 {
  return v128.and(v128.load(values + ((<usize>i) << 2)), i32x4.splat(magnitude))
}

/** A magnitude's bits, in whose order magnitudes are. */
function keyAt(values: usize, i: i32): i32 {
  const size = load<i32>(values + ((<usize>i) << 2)) & magnitude
  return size < least ? 0 : size
}

/**
 * Places that ascend, as Elias and Fano write them: of each the lowest bits as they are, and of the rest a bit of 1 for
 * each place, behind as many of 0 as the rest has grown by. Without lowest bits a bit for each number instead.
 */
function writePlaces(out: usize, places: usize, n: i32, k: i32, low: i32): void {
  const high = out + (<usize>(k * low + 7) >> 3)
  const upper = low === 0 ? n : k + ((n - 1) >> low)
  memory.fill(out, 0, high - out + (<usize>(upper + 7) >> 3))
  const mask = (1 << low) - 1
  for (let j = 0; j < k; j++) {
    const at = place(places, j)
    if (low !== 0) setBits(out, j * low, <u32>(at & mask))
    const bit = low === 0 ? at : (at >> low) + j
    setBits(high, bit, 1)
  }
}

/** And back. @returns whether they ascend, are k and below n, and nothing stands behind them */
function readPlaces(places: usize, from: usize, n: i32, k: i32, low: i32): bool {
  if (low !== 0 && !isPadded(from, k * low)) return false
  const high = from + (<usize>(k * low + 7) >> 3)
  const upper = low === 0 ? n : k + ((n - 1) >> low)
  if (!isPadded(high, upper)) return false
  let j = 0
  let last = -1
  for (let byte = 0; byte << 3 < upper; byte++) {
    let bits = <i32>load<u8>(high + <usize>byte)
    while (bits !== 0) {
      if (j === k) return false
      const bit = (byte << 3) + ctz(bits)
      bits &= bits - 1
      const at = low === 0 ? bit : ((bit - j) << low) | <i32>readBits(from, j * low, low)
      if (at <= last || at >= n) return false
      store<u16>(places + ((<usize>j) << 1), <u16>at)
      j++
      last = at
    }
  }
  return j === k
}

/** Are the bits behind the first `bits` in their last byte 0? */
function isPadded(from: usize, bits: i32): bool {
  return (bits & 7) === 0 || load<u8>(from + (<usize>bits >> 3)) >> <u8>(bits & 7) === 0
}

/** Sets bits that are 0, up to 16 of them. */
function setBits(out: usize, at: i32, bits: u32): void {
  const to = out + (<usize>at >> 3)
  store<u32>(to, load<u32>(to) | (bits << (at & 7)))
}

function readBits(from: usize, at: i32, bits: i32): u32 {
  return (load<u32>(from + (<usize>at >> 3)) >> (at & 7)) & ((1 << bits) - 1)
}

/** Writes k different places of n at random, as Floyd draws them. */
function draw(places: usize, seed: u32, n: i32, k: i32): void {
  const taken = places + 8192
  memory.fill(taken, 0, 520)
  for (let j = 0; j < k; j++) {
    const last = n - k + j
    const drawn = <i32>((<u64>mixed(seed + j) * <u64>(last + 1)) >> 32)
    const at = readBits(taken, drawn, 1) !== 0 ? last : drawn
    setBits(taken, at, 1)
    store<u16>(places + ((<usize>j) << 1), <u16>at)
  }
}

/** The lowbias32 of C. Wellons' hash prospector: a random word for each number. */
function mixed(x: u32): u32 {
  x = (x ^ (x >> 16)) * 0x7feb352d
  x = (x ^ (x >> 15)) * 0x846ca68b
  return x ^ (x >> 16)
}

/** A seed of the chunk's own bits: other numbers draw otherwise, the same ones the same. */
function hashOf(values: usize, n: i32): u32 {
  const prime = i32x4.splat(0x9e3779b1)
  let hash = i32x4(1, 2, 3, 4)
  for (let i = 0; i < n; i += 4) {
    const product = i32x4.mul(v128.xor(hash, v128.load(values + ((<usize>i) << 2))), prime)
    hash = v128.or(i32x4.shl(product, 13), i32x4.shr_u(product, 19))
  }
  let all = mixed(i32x4.extract_lane(hash, 0))
  all = mixed(all ^ i32x4.extract_lane(hash, 1))
  all = mixed(all ^ i32x4.extract_lane(hash, 2))
  return mixed(all ^ i32x4.extract_lane(hash, 3))
}

/** Bits of the largest magnitude; of infinity or more where one is not finite. */
function largest(values: usize, n: i32): i32 {
  let most = i32x4.splat(0)
  for (let i = 0; i < n; i += 4) {
    most = i32x4.max_s(most, v128.and(v128.load(values + ((<usize>i) << 2)), i32x4.splat(magnitude)))
  }
  const pairs = i32x4.max_s(most, i64x2.shuffle(most, most, 1, 0))
  return max(i32x4.extract_lane(pairs, 0), i32x4.extract_lane(pairs, 1))
}

function clear(out: usize, n: i32): void {
  memory.fill(out, 0, (<usize>n) << 2)
}

function place(places: usize, j: i32): i32 {
  return load<u16>(places + ((<usize>j) << 1))
}

function numberAt(values: usize, i: i32): f64 {
  return <f64>load<f32>(values + ((<usize>i) << 2))
}

function isNumber(bits: u32): bool {
  return (bits & <u32>magnitude) < <u32>infinity
}

function bf16At(values: usize, i: i32): u32 {
  return keyAt(values, i) === 0 ? 0 : bf16Of(load<u32>(values + ((<usize>i) << 2)))
}

/** To nearest, ties to even; what is finite stays so. */
function bf16Of(bits: u32): u32 {
  const size = bits & <u32>magnitude
  const sign = (bits >> 16) & 0x8000
  if (size >= <u32>infinity) return bf16NaN
  if (size >= 0x7f7f8000) return sign | 0x7f7f
  return sign | ((size + 0x7fff + ((size >> 16) & 1)) >> 16)
}
