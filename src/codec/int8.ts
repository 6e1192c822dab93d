import type { Layout } from '../tensors/index.js'
import { bitsOf, type Codec, EncodingError, exactly, type Pass } from './codec.js'
import { converted } from './kernel.js'
import { byPart } from './parts.js'

const steps = 127
const smallestNormal = 2 ** -126

/**
 * Whole numbers from -127 to 127 times a scale for each tensor. A quarter of the bytes for an absolute error of at most
 * half a scale, which is 1/254 of the tensor's largest magnitude. Zeros stay zero. A tensor without a magnitude of
 * 1.5e-36 or more travels as zeros with scale 0.
 */
export const int8: Codec = {
  name: 'int8',
  inPlace: true,
  // Scales lie before all numbers: known before the first number is to be decoded.
  tensors: ({ tensors }) => [
    ...tensors.map(({ name }) => ({ name: `${name}.scale`, shape: [], dtype: 'F32' }) as const),
    ...tensors.map(({ name, shape }) => ({ name, shape, dtype: 'I8' }) as const),
  ],
  size: layout => exactly(scaleBytes(layout) + layout.size),
  decodable: (layout, bytes) => Math.max(0, bytes - scaleBytes(layout)),
  encode(layout, values, into) {
    const scales = new Float32Array(into.buffer, into.byteOffset, layout.tensors.length)
    const whole = wholeNumbersIn(into, layout)
    const bits = bitsOf(values)
    // Without their signs, float32s are in the order of their bits, infinity and NaN at its end.
    const largest = new Float32Array(layout.tensors.length)
    const largestBits = bitsOf(largest)
    const measure = byPart(layout.tensors, (tensor, from, to) => {
      let most = largestBits[tensor]!
      for (let i = from; i < to; i++) {
        const magnitude = bits[i]! & 0x7fffffff
        if (magnitude > most) most = magnitude
      }
      largestBits[tensor] = most
    })
    let perScale: Float64Array | undefined
    const quantise = byPart(layout.tensors, (tensor, from, to) => {
      const factor = perScale![tensor]!
      converted(values, whole, from, to, (kernel, out, numbers, length) =>
        kernel.quantise(out, numbers, factor, length),
      )
    })
    const scaleAndQuantise: Pass = (from, to) => {
      if (perScale === undefined) {
        scales.set(largest.map(scaleOf))
        perScale = Float64Array.from(scales, scale => (scale > 0 ? 1 / scale : 0))
      }
      quantise(from, to)
    }
    return { passes: [measure, scaleAndQuantise], length: () => into.length }
  },
  decode(layout, from, values) {
    // A copy: in place, the last numbers are decoded over the scales.
    const scales = new Float32Array(from.slice(0, scaleBytes(layout)).buffer)
    for (const scale of scales) {
      if (!Number.isFinite(scale)) throw new EncodingError('NOT_FINITE')
      if (scale < 0) throw new EncodingError('MALFORMED')
    }
    const whole = wholeNumbersIn(from, layout)
    return byPart(layout.tensors, (tensor, start, end) => {
      const scale = scales[tensor]!
      converted(whole, values, start, end, (kernel, out, numbers, length) => {
        if (kernel.decodeInt8(out, numbers, scale, length) !== 0) throw new EncodingError('MALFORMED')
      })
    })
  },
}

function scaleBytes({ tensors }: Layout): number {
  return tensors.length * Float32Array.BYTES_PER_ELEMENT
}

function wholeNumbersIn({ buffer, byteOffset }: Uint8Array, layout: Layout): Int8Array {
  return new Int8Array(buffer, byteOffset + scaleBytes(layout), layout.size)
}

const scaleValue = new Float32Array(1)
const scaleBits = bitsOf(scaleValue)

/**
 * largest/127 with the last seven bits of its 24 cleared: a whole number of seven bits times the scale is then exact in
 * float32, so that a head that was rounded once is not rounded anew the next time, and nothing rounds up to infinity.
 * For a magnitude that is not finite it is NaN.
 */
function scaleOf(largest: number): number {
  if (!Number.isFinite(largest)) return Number.NaN
  scaleValue[0] = largest / steps
  scaleBits[0]! &= ~0x7f
  return scaleValue[0]! < smallestNormal ? 0 : scaleValue[0]!
}
