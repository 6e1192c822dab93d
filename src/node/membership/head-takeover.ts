import { peerIdFromString } from '@libp2p/peer-id'
import { equals } from 'uint8arrays/equals'
import { createDeadline } from '../../deadline.js'
import {
  type Handover,
  type HeardReport,
  type HearsayHost,
  type PeerIdStr,
  type Presence,
  requestState,
  StateRefused,
} from '../../gossip/index.js'
import { type HeadSection, headOf } from '../../tensors/index.js'
import { copyInSlices } from '../../turns.js'

/** What taking a head over needs of a run. */
export interface TakeOverInit {
  readonly runId: Uint8Array
  readonly node: HearsayHost
  /** The peers whose heads may be taken over. */
  readonly presence: Pick<Presence, 'live' | 'heard' | 'until'>
  readonly heads: Pick<Handover, 'payloadBytes' | 'decode' | 'release'>
  readonly parameters: Float32Array
  readonly head: HeadSection
  /** Loss of the model as it is now, on a few own samples. */
  readonly loss: (signal: AbortSignal) => Promise<number>
  /** A head with a higher loss is not taken over. */
  readonly lossLimit: number
  /** Called with the own head, as it was, when another's is taken over. @default it is not kept */
  readonly onReplaced?: (own: Float32Array) => void
}

/** Number of peers that a head is requested from: with one liar among them two are honest. */
const askedForHeads = 3

/** Longest wait for the record that states a head's digest; it comes at the end of its owner's round. */
const recordMs = 10_000

/** Heads of a few others, of this round or later, whose digests match those that their owners have signed. */
async function* headsFrom(
  { node, presence, heads, runId }: TakeOverInit,
  round: number,
  signal: AbortSignal,
): AsyncGenerator<{ readonly round: number; readonly values: Float32Array }> {
  const candidates = presence
    .live()
    .filter(peer => (reportIn(presence, peer).head?.round ?? -1) >= round)
    // A peer that reports a round far ahead of most is the least credible.
    .sort((a, b) => reportIn(presence, a).head!.round - reportIn(presence, b).head!.round)
  for (const peer of candidates.slice(0, askedForHeads)) {
    try {
      const question = { what: 'HEAD', runId, limitBytes: heads.payloadBytes } as const
      const answer = await requestState(node, peerIdFromString(peer), question, signal)
      await signedBy(presence, peer, answer, signal)
      yield { round: answer.round, values: await heads.decode(answer.bytes) }
    } catch {
      // The peer is gone, busy or lying: try the next one.
      signal.throwIfAborted()
    }
  }
}

interface Tried {
  /** Undefined for the own head. */
  readonly round?: number
  readonly values: Float32Array
  readonly loss: number
}

/**
 * Takes over the head with which the loss on own samples is lowest: a peer that joins late has nothing to compare a
 * head with, and the peer that sends it may lie. If all losses are above the limit, the own head stays.
 *
 * @returns the round of the head that was taken over, if any
 */
export async function takeOver(init: TakeOverInit, round: number, signal: AbortSignal): Promise<number | undefined> {
  const { heads } = init
  const head = headOf(init.parameters, init.head)
  const own = head.slice()
  let best: Tried = { values: own, loss: init.lossLimit }
  try {
    for await (const found of headsFrom(init, round, signal)) {
      let left: Omit<Tried, 'loss'> = found
      try {
        // The head may be followed by what a method hands over beside it.
        await copyInSlices(head, found.values.subarray(0, head.length))
        const loss = await init.loss(signal)
        const isBetter = best.round === undefined ? loss <= best.loss : loss < best.loss
        if (isBetter) [left, best] = [best, { ...found, loss }]
      } finally {
        if (left.round !== undefined) heads.release(left.values)
      }
    }
  } finally {
    head.set(best.values.subarray(0, head.length))
    if (best.round !== undefined) heads.release(best.values)
  }
  if (best.round !== undefined) init.onReplaced?.(own)
  return best.round
}

/** Checks a head's digest against its owner's record. If the head is newer than the last record, waits for the next. */
async function signedBy(
  presence: TakeOverInit['presence'],
  peer: PeerIdStr,
  { round, digest }: { readonly round: number; readonly digest: Uint8Array },
  signal: AbortSignal,
): Promise<void> {
  const deadline = createDeadline(signal)
  deadline.within(recordMs, new StateRefused('BROKEN'))
  try {
    await presence.until(() => (reportIn(presence, peer).head?.round ?? -1) >= round, deadline.signal)
  } finally {
    deadline.clear()
  }
  const { head } = reportIn(presence, peer)
  if (head?.round !== round || !equals(head.digest, digest)) throw new StateRefused('BROKEN')
}

function reportIn(presence: TakeOverInit['presence'], peer: PeerIdStr): HeardReport {
  return presence.heard().get(peer)!
}
