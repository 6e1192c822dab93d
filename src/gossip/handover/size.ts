import * as lengthPrefixed from 'it-length-prefixed'
import { HandoverReply, HeadHeader } from '../generated/handover.js'
import type { HeadFormat } from '../head/format.js'
import { chunkBytes } from '../stream/frames.js'

export interface HandoverKind {
  /** Rounds of the run: a later round's number may take a byte more. */
  readonly rounds: number
  /** Does each head name the copy that it is added to? @default false */
  readonly isLinked?: boolean
}

/**
 * Bytes that one head takes between two neighbours, frames and answers included: what is counted of a handover that
 * meets no refusal. Rounds with smaller numbers take a byte or two less, and with `slim` frames fewer all through.
 */
export function handoverBytes(
  { layoutDigest, payloadBytes }: HeadFormat,
  { rounds, isLinked = false }: HandoverKind,
): number {
  const digest = new Uint8Array(layoutDigest.length)
  const link = isLinked ? { follows: digest, becomes: digest } : {}
  const header = HeadHeader.encode({ runId: digest, round: rounds - 1, step: 0, layoutDigest, payloadBytes, ...link })
  const replies = [HandoverReply.Code.CONTINUE, HandoverReply.Code.ACCEPTED].map(
    code => HandoverReply.encode({ code }).length,
  )
  const whole = Math.floor(payloadBytes / chunkBytes)
  const last = payloadBytes % chunkBytes
  const rest = [header.length, ...replies, ...(last > 0 ? [last] : [])].map(framedBytes)
  return rest.reduce((sum, bytes) => sum + bytes, whole * framedBytes(chunkBytes))
}

function framedBytes(length: number): number {
  return lengthPrefixed.encode.single(new Uint8Array(length)).byteLength
}
