import { bytesOf, type Layout } from '../tensors/index.js'
import { bitsOf, type Codec, EncodingError, type Pass } from './codec.js'
import { converted } from './kernel.js'
import type { EncodingSection } from './kind.js'
import { keyOf, limitsOf } from './limits.js'
import { packed } from './packed.js'
import { byPart, type Part } from './parts.js'
import { keptOf, placeBytes, placeReader, placeWriter } from './places.js'

const valueBytes = 2
/** Exponent of a bfloat16 that is not finite. */
const infinity = 0x7f80

/** A part with where its bytes lie, and how many numbers it keeps. */
interface PackedPart extends Part {
  readonly kept: number
  readonly start: number
  readonly places: number
  readonly end: number
}

/**
 * The largest magnitudes of each part, as of a chunk, where parts are as large as they like: what is found of one goes
 * on from slice to slice.
 *
 * @param partsOf - in order, without gaps
 */
export function topOfParts(
  section: EncodingSection,
  keep: number,
  partsOf: (layout: Layout) => readonly Part[],
): Codec {
  const packedParts = (layout: Layout): PackedPart[] => {
    let end = 0
    const parts = partsOf(layout).filter(({ size }) => size > 0)
    return parts.map(({ offset, size }) => {
      const kept = keptOf(size, keep)
      const start = end
      const places = start + kept * valueBytes
      end = places + placeBytes(size, kept)
      return { offset, size, kept, start, places, end }
    })
  }
  return {
    ...packed(section, layout => packedParts(layout).at(-1)?.end ?? 0),
    decodable(layout, bytes) {
      let ready = 0
      for (const { offset, size, end } of packedParts(layout)) {
        if (end > bytes) break
        ready = offset + size
      }
      return ready
    },
    encode(layout, values, into) {
      const parts = packedParts(layout)
      const bits = bitsOf(values)
      const limits = limitsOf(
        bits,
        parts,
        parts.map(({ kept }) => kept),
      )
      return { passes: [...limits.passes, written(parts, values, bits, limits, into)], length: () => into.length }
    },
    decode: (layout, from, values) => read(packedParts(layout), from, values),
  }
}

/** The pass that writes the numbers that reach their part's limit. */
function written(
  parts: readonly PackedPart[],
  values: Float32Array,
  bits: Int32Array,
  { keys, equals }: { readonly keys: Int32Array; readonly equals: Int32Array },
  into: Uint8Array,
): Pass {
  let written = 0
  let write: (place: number) => void
  return byPart(parts, (part, from, to) => {
    const { offset, size, kept: most, start, places, end } = parts[part]!
    if (from === offset) {
      written = 0
      write = placeWriter(into.subarray(places, end).fill(0), size, most)
    }
    const limit = keys[part]!
    const kept = new Float32Array(Math.min(most - written, to - from))
    let count = 0
    for (let i = from; i < to; i++) {
      const key = keyOf(bits[i]!)
      if (key < limit) continue
      if (key === limit) {
        if (equals[part] === 0) continue
        equals[part]! -= 1
      }
      kept[count++] = key === 0 ? 0 : values[i]!
      write(i - offset)
    }
    const halves = new Uint16Array(count)
    converted(kept, halves, 0, count, (kernel, ...addresses) => kernel.encodeBf16(...addresses))
    into.set(bytesOf(halves), start + written * valueBytes)
    written += count
  })
}

/** The pass that puts them back, zeros between. */
function read(parts: readonly PackedPart[], from: Uint8Array, values: Float32Array): Pass {
  const bits = bitsOf(values)
  let count = 0
  let next: (below: number) => number
  let place = Number.POSITIVE_INFINITY
  return byPart(parts, (part, first, to) => {
    const { offset, size, kept, start, places, end } = parts[part]!
    if (first === offset) {
      count = 0
      next = placeReader(from.subarray(places, end), size, kept)
      place = Number.POSITIVE_INFINITY
    }
    const below = to - offset
    values.fill(0, first, to)
    if (place === Number.POSITIVE_INFINITY) place = next(below)
    for (; place < below; place = next(below)) {
      const at = start + valueBytes * count++
      const half = from[at]! | (from[at + 1]! << 8)
      if ((half & infinity) === infinity) throw new EncodingError('NOT_FINITE')
      bits[offset + place] = half << 16
    }
  })
}
