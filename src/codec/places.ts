import * as z from 'zod'
import { EncodingError } from './codec.js'

/** `keep` of codecs that send a share of the numbers. */
export const keepField = (usual: number) =>
  z.number().gt(0).max(0.5).default(usual).meta({ says: 'Share of the numbers that travels' })

/** How many of so many numbers are kept: the share, rounded up. */
export function keptOf(numbers: number, keep: number): number {
  return Math.min(numbers, Math.ceil(keep * numbers))
}

/**
 * Bits of a place that are written as they are, where places ascend: the rest of all places together then takes about
 * two bits a place (P. Elias, 1974; R. Fano, 1971), half a bit from the entropy of places at random. Where a bit for
 * each number is shorter, none.
 */
export function lowBits(numbers: number, kept: number): number {
  // In whole numbers: layouts and their digests hang on it, and engines differ in the last bit of a logarithm.
  return 4 * kept > numbers ? 0 : 31 - Math.clz32(numbers / kept)
}

/** Bytes of `kept` places that ascend: no more than they need, and no less. */
export function placeBytes(numbers: number, kept: number): number {
  const low = lowBits(numbers, kept)
  if (low === 0) return Math.ceil(numbers / 8)
  return Math.ceil((kept * low) / 8) + Math.ceil((kept + Math.floor((numbers - 1) / 2 ** low)) / 8)
}

/**
 * γ of CHOCO for codecs that keep a share of the numbers. Twice the share contracts on rings, tori, exponential and full
 * graphs of 8 to 64 peers at 1.6 to 25 %; three times as much runs apart on the dense ones (ALGORITHMS-2.md 5.1).
 */
export function gammaOf(keep: number): number {
  return Math.min(1, 2 * keep)
}

/**
 * Writes places that ascend, one after another.
 *
 * @param into - {@link placeBytes} of them, all 0
 */
export function placeWriter(into: Uint8Array, numbers: number, kept: number): (place: number) => void {
  const low = lowBits(numbers, kept)
  const upper = into.subarray(Math.ceil((kept * low) / 8))
  let count = 0
  return place => {
    for (let bit = 0; bit < low; bit++) if ((place >>> bit) & 1) setBit(into, count * low + bit)
    setBit(upper, low === 0 ? place : (place >>> low) + count)
    count += 1
  }
}

/**
 * Reads them one after another, slice by slice: whatever the bytes are, a call goes no further than it is asked to.
 *
 * @returns called with a bound that does not shrink: the next place, which may lie behind the bound; infinity where
 *   there is none below it. To be called with `numbers` until it is infinity
 * @throws {@link EncodingError} MALFORMED, at once or from a call: they must ascend, be `kept` and below `numbers`, and
 *   nothing may stand behind them
 */
export function placeReader(from: Uint8Array, numbers: number, kept: number): (below: number) => number {
  const low = lowBits(numbers, kept)
  const lowBytes = Math.ceil((kept * low) / 8)
  const upper = from.subarray(lowBytes)
  for (let at = kept * low; at < 8 * lowBytes; at++) if (hasBit(from, at)) throw new EncodingError('MALFORMED')
  let count = 0
  let at = 0
  let last = -1
  return below => {
    const isEnd = below === numbers && count === kept
    // Where low bits are apart, each place before has put the upper ones one bit further.
    const end = isEnd ? 8 * upper.length : low === 0 ? below : count + Math.ceil(below / 2 ** low)
    while (at < end && !hasBit(upper, at)) at += (at & 7) === 0 && upper[at >>> 3] === 0 ? 8 : 1
    if (at >= end) {
      if (below === numbers && count < kept) throw new EncodingError('MALFORMED')
      return Number.POSITIVE_INFINITY
    }
    if (count === kept) throw new EncodingError('MALFORMED')
    let place = low === 0 ? at : (at - count) * 2 ** low
    for (let bit = 0; bit < low; bit++) if (hasBit(from, count * low + bit)) place += 2 ** bit
    if (place <= last || place >= numbers) throw new EncodingError('MALFORMED')
    at += 1
    count += 1
    last = place
    return place
  }
}

function setBit(bytes: Uint8Array, at: number): void {
  bytes[at >>> 3]! |= 1 << (at & 7)
}

function hasBit(bytes: Uint8Array, at: number): boolean {
  return (bytes[at >>> 3]! & (1 << (at & 7))) !== 0
}
