// Encoded numbers on their way in may end where the decoded ones end, in the same memory: of each block all is read
// before anything is written, and a block that is written never passes the next that is to be read.

const sign: i32 = 0x80000000
const magnitude: i32 = 0x7fffffff
/** Of float32s. */
const infinity: i32 = 0x7f800000

/** Float32s as bfloat16: see src/codec/bf16.ts. */
export function encodeBf16(out: usize, values: usize, length: i32): void {
  const whole = length & ~7
  for (let k = 0; k < whole; k += 8) {
    const from = values + ((<usize>k) << 2)
    const low = bf16Of(v128.load(from))
    const high = bf16Of(v128.load(from, 16))
    v128.store(out + ((<usize>k) << 1), i16x8.narrow_i32x4_u(low, high))
  }
  for (let k = whole; k < length; k++) {
    const one = bf16Of(v128.load32_zero(values + ((<usize>k) << 2)))
    store<u16>(out + ((<usize>k) << 1), <u16>i32x4.extract_lane(one, 0))
  }
}

/** And back. */
export function decodeBf16(out: usize, from: usize, length: i32): void {
  const whole = length & ~7
  for (let k = 0; k < whole; k += 8) {
    const halves = v128.load(from + ((<usize>k) << 1))
    const to = out + ((<usize>k) << 2)
    v128.store(to, i32x4.shl(i32x4.extend_low_i16x8_u(halves), 16))
    v128.store(to, i32x4.shl(i32x4.extend_high_i16x8_u(halves), 16), 16)
  }
  for (let k = whole; k < length; k++) {
    store<i32>(out + ((<usize>k) << 2), (<i32>load<u16>(from + ((<usize>k) << 1))) << 16)
  }
}

/** Float32s as halves: see src/codec/f16.ts. */
export function encodeF16(out: usize, values: usize, length: i32): void {
  const whole = length & ~7
  for (let k = 0; k < whole; k += 8) {
    const from = values + ((<usize>k) << 2)
    const low = f16Of(v128.load(from))
    const high = f16Of(v128.load(from, 16))
    v128.store(out + ((<usize>k) << 1), i16x8.narrow_i32x4_u(low, high))
  }
  for (let k = whole; k < length; k++) {
    const one = f16Of(v128.load32_zero(values + ((<usize>k) << 2)))
    store<u16>(out + ((<usize>k) << 1), <u16>i32x4.extract_lane(one, 0))
  }
}

/** And back. */
export function decodeF16(out: usize, from: usize, length: i32): void {
  const whole = length & ~7
  for (let k = 0; k < whole; k += 8) {
    const halves = v128.load(from + ((<usize>k) << 1))
    const to = out + ((<usize>k) << 2)
    v128.store(to, floatsOfF16(i32x4.extend_low_i16x8_u(halves)))
    v128.store(to, floatsOfF16(i32x4.extend_high_i16x8_u(halves)), 16)
  }
  for (let k = whole; k < length; k++) {
    const one = floatsOfF16(i32x4.splat(<i32>load<u16>(from + ((<usize>k) << 1))))
    store<i32>(out + ((<usize>k) << 2), i32x4.extract_lane(one, 0))
  }
}

/** out[k] = values[k] times the factor, in float64, to the nearest whole number, ties to even; 0 for NaN. */
export function quantise(out: usize, values: usize, factor: f64, length: i32): void {
  const whole = length & ~15
  const factors = f64x2.splat(factor)
  for (let k = 0; k < whole; k += 16) {
    const from = values + ((<usize>k) << 2)
    const low = i16x8.narrow_i32x4_s(rounded(v128.load(from), factors), rounded(v128.load(from, 16), factors))
    const high = i16x8.narrow_i32x4_s(rounded(v128.load(from, 32), factors), rounded(v128.load(from, 48), factors))
    v128.store(out + <usize>k, i8x16.narrow_i16x8_s(low, high))
  }
  for (let k = whole; k < length; k++) {
    const one = rounded(v128.load32_zero(values + ((<usize>k) << 2)), factors)
    store<i8>(out + <usize>k, <i8>i32x4.extract_lane(one, 0))
  }
}

/**
 * out[k] = from[k] times the scale: see src/codec/int8.ts.
 *
 * @returns whether one of the whole numbers was -128, which no encoder writes
 */
export function decodeInt8(out: usize, from: usize, scale: f32, length: i32): bool {
  const whole = length & ~15
  const scales = f32x4.splat(scale)
  const least = i8x16.splat(-128)
  let wrong = i8x16.splat(0)
  for (let k = 0; k < whole; k += 16) {
    const numbers = v128.load(from + <usize>k)
    const to = out + ((<usize>k) << 2)
    wrong = v128.or(wrong, i8x16.eq(numbers, least))
    const low = i16x8.extend_low_i8x16_s(numbers)
    const high = i16x8.extend_high_i8x16_s(numbers)
    v128.store(to, scaled(i32x4.extend_low_i16x8_s(low), scales))
    v128.store(to, scaled(i32x4.extend_high_i16x8_s(low), scales), 16)
    v128.store(to, scaled(i32x4.extend_low_i16x8_s(high), scales), 32)
    v128.store(to, scaled(i32x4.extend_high_i16x8_s(high), scales), 48)
  }
  let isWrong = v128.any_true(wrong)
  for (let k = whole; k < length; k++) {
    const number = load<i8>(from + <usize>k)
    if (number === -128) isWrong = true
    store<f32>(out + ((<usize>k) << 2), <f32>number * scale)
  }
  return isWrong
}

/** To nearest, ties to even; what is finite stays so, and NaN stays NaN. */
function bf16Of(bits: v128): v128 {
  const size = v128.and(bits, i32x4.splat(magnitude))
  const odd = v128.and(i32x4.shr_u(bits, 16), i32x4.splat(1))
  const nearest = i32x4.shr_u(i32x4.add(i32x4.add(size, i32x4.splat(0x7fff)), odd), 16)
  // From half way between the largest and 2^128 on.
  const large = v128.bitselect(i32x4.splat(0x7f7f), nearest, i32x4.ge_s(size, i32x4.splat(0x7f7f8000)))
  return v128.or(notFinite(size, large, 0x7f80, 0x7fc0), signsOf(bits))
}

function f16Of(bits: v128): v128 {
  const size = v128.and(bits, i32x4.splat(magnitude))
  // Below 2^-14: scaled by a power of two, which is exact, a whole number.
  const small = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(size, f32x4.splat(16_777_216))))
  // Where a float32 keeps its exponent. A carry out of the fraction goes into the exponent, as it must.
  const odd = v128.and(i32x4.shr_u(bits, 13), i32x4.splat(1))
  const above = i32x4.add(i32x4.sub(size, i32x4.splat(112 << 23)), i32x4.splat(0xfff))
  const normal = i32x4.shr_u(i32x4.add(above, odd), 13)
  const nearest = v128.bitselect(small, normal, i32x4.lt_s(size, i32x4.splat(0x38800000)))
  // From 65520 on.
  const large = v128.bitselect(i32x4.splat(0x7bff), nearest, i32x4.ge_s(size, i32x4.splat(0x477ff000)))
  return v128.or(notFinite(size, large, 0x7c00, 0x7e00), signsOf(bits))
}

function notFinite(size: v128, finite: v128, infinite: i32, nan: i32): v128 {
  const orInfinite = v128.bitselect(i32x4.splat(infinite), finite, i32x4.eq(size, i32x4.splat(infinity)))
  return v128.bitselect(i32x4.splat(nan), orInfinite, i32x4.gt_s(size, i32x4.splat(infinity)))
}

/** Of float32s, where those of numbers of 16 bits are. */
function signsOf(bits: v128): v128 {
  return i32x4.shr_u(v128.and(bits, i32x4.splat(sign)), 16)
}

/** Of halves in the lower 16 bits of each lane. */
function floatsOfF16(halves: v128): v128 {
  const size = i32x4.shl(v128.and(halves, i32x4.splat(0x7fff)), 13)
  // With the fraction and exponent where a float32 has them, 2^112 is what is missing, subnormal or not.
  const finite = f32x4.mul(size, i32x4.splat(<i32>((127 + 112) << 23)))
  const isBelow = i32x4.lt_s(size, i32x4.splat(0x1f << 23))
  const floats = v128.bitselect(finite, v128.or(finite, i32x4.splat(infinity)), isBelow)
  return v128.or(floats, i32x4.shl(v128.and(halves, i32x4.splat(0x8000)), 16))
}

function rounded(numbers: v128, factors: v128): v128 {
  const low = f64x2.promote_low_f32x4(numbers)
  const high = f64x2.promote_low_f32x4(i64x2.shuffle(numbers, numbers, 1, 0))
  return i64x2.shuffle(
    i32x4.trunc_sat_f64x2_s_zero(f64x2.nearest(f64x2.mul(low, factors))),
    i32x4.trunc_sat_f64x2_s_zero(f64x2.nearest(f64x2.mul(high, factors))),
    0,
    2,
  )
}

function scaled(numbers: v128, scales: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(numbers), scales)
}
