import { equals } from 'uint8arrays/equals'
import { type Codec, f32, numberByNumber } from '../../codec/index.js'
import { type Layout, layoutOf } from '../../tensors/index.js'
import { inSlices } from '../../turns.js'
import type { PeerIdStr } from '../peer-id.js'
import { fromFixed, toFixed } from './fixed-point.js'
import { type MaskGroup, secretIn } from './group.js'
import { adds, keyOfMask, type Mask, type MaskKey, maskWith } from './mask.js'

/*
 * A masked head on its way: as many words of 32 bits as the head has numbers, and behind them the digest of the group
 * that it is masked for. It travels as a head does, in memory for float32 numbers that are never read as such.
 */

/** Words of a group's digest. */
const digestWords = 8

/** The layout of masked heads. A layer's name has no colon. */
export function maskedLayout({ tensors }: Layout): Layout {
  return layoutOf([...tensors, { name: 'masks:group', shape: [digestWords] }])
}

/** Words as they are. They are no numbers, so that none is checked: the sum is. */
export const masked: Codec = { ...f32, ...numberByNumber('U32'), name: 'masked', isHidden: true }

/** A word goes over as many bytes as AES does in the time of four vectors of numbers. */
const maskVectors = 4

export interface MaskedHeadInit {
  readonly group: MaskGroup
  /** This peer, one of the group's senders. */
  readonly self: PeerIdStr
  readonly key: MaskKey
  /** What the receiver gives to this head. */
  readonly weight: number
  /** With shares: the secret of a mask of its own, which is added too. */
  readonly own?: Uint8Array | undefined
}

/** A mask that is in a sum: added, or taken off. */
export interface MaskInSum {
  readonly mask: Mask
  readonly adds: boolean
}

/**
 * Writes v_i + Σ_j ± mask(k_ij) of a head into memory of its {@link maskedLayout}.
 *
 * @returns how many numbers were clamped
 * @throws RangeError as {@link secretIn} does, before anything is written
 */
export async function writeMasked(
  into: Float32Array,
  head: Float32Array,
  { group, self, key, weight, own }: MaskedHeadInit,
): Promise<number> {
  const masks: MaskInSum[] = own === undefined ? [] : [{ mask: maskWith(keyOfMask(own, group.digest)), adds: true }]
  for (const peer of group.senders.keys()) {
    if (peer === self) continue
    const secret = secretIn(group, key, peer)
    masks.push({ mask: maskWith(keyOfMask(secret, group.digest, [self, peer])), adds: adds(self, peer) })
  }
  const words = wordsOf(into)
  let clamped = 0
  await inSlices(head.length, maskVectors * (masks.length + 1), (from, to) => {
    clamped += toFixed(words, head, weight, from, to)
    for (const { mask, adds } of masks) addWords(words, int32sOf(mask.next((to - from) * 4)), from, to, adds)
  })
  words.set(int32sOf(group.digest), head.length)
  return clamped
}

/** Is this head, as it came, masked for this group? */
export function isMaskedFor(came: Float32Array, { digest }: MaskGroup): boolean {
  const words = wordsOf(came).subarray(-digestWords)
  return equals(new Uint8Array(words.buffer, words.byteOffset, words.byteLength), digest)
}

/**
 * The weighted mean of the heads that came masked, one of every sender of a group.
 *
 * @param into - as long as a head; receives the mean
 * @param sum - as long: receives what the masked heads add up to
 * @param weight - of all of them together
 * @param left - masks that are left in the sum. @default none: all cancel
 */
export async function unmask(
  into: Float32Array,
  sum: Int32Array,
  came: readonly Float32Array[],
  weight: number,
  left: readonly MaskInSum[] = [],
): Promise<void> {
  sum.fill(0)
  const all = came.map(wordsOf)
  await inSlices(into.length, all.length + maskVectors * left.length + 1, (from, to) => {
    for (const words of all) addWords(sum, words.subarray(from), from, to, true)
    for (const { mask, adds } of left) addWords(sum, int32sOf(mask.next((to - from) * 4)), from, to, !adds)
    fromFixed(into, sum, weight, from, to)
  })
}

/** Adds words, or takes them off, modulo 2³², to those from a place on. */
function addWords(into: Int32Array, words: Int32Array, from: number, to: number, adds: boolean): void {
  if (adds) for (let at = from; at < to; at++) into[at]! += words[at - from]!
  else for (let at = from; at < to; at++) into[at]! -= words[at - from]!
}

/** In place. */
function wordsOf({ buffer, byteOffset, length }: Float32Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length)
}

/** Bytes of a digest or a mask, which may begin anywhere in their memory. */
function int32sOf(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset, byteLength } = byte4Aligned(bytes)
  return new Int32Array(buffer, byteOffset, byteLength / 4)
}

function byte4Aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes)
}
