import { createDeadline } from '../../deadline.js'
import { HearsayError } from '../../errors.js'
import {
  createAgreement,
  decodeSum,
  digestOf,
  encodeSum,
  type HearsayHost,
  type PeerIdStr,
  type Presence,
  type SummedNumbers,
} from '../../gossip/index.js'
import type { Happening } from '../events.js'
import type { Manifest } from '../manifest.js'
import { agreeWithOthers, isLong } from './sum-agreement.js'

/** A peer's part of a sum, of which others learn nothing but that sum. */
export interface Summand {
  /** See `MaskedSumInit`, for `widths` too. */
  readonly bytes: Uint8Array
  readonly widths: readonly number[]
  /** Applies the sum. @returns notes for the peer's owner, one sentence each */
  settle(sum: SummedNumbers): readonly string[]
}

export interface AgreedSumInit {
  readonly name: string
  readonly manifest: Manifest
  readonly runId: Uint8Array
  readonly summand: Summand
}

/** The sum that the peers of a run compute before its first round, and this peer's part in it. */
export interface AgreedSum {
  /** Joins the topic. Idempotent. */
  start(): void
  /** Idempotent. */
  stop(): void
  /**
   * Agrees on a sum with the others, or applies the one that was agreed on before.
   *
   * @param saved - the sum agreed on when this peer left, as its event `standardised` reported it
   * @param minPeers - how many peers it waits for: the manifest's number or fewer
   * @throws what {@link agreeWithOthers} throws; {@link HearsayError} `RUN` if it is alone and waits for no other
   */
  agree(saved: string | undefined, minPeers: number, signal: AbortSignal): AsyncGenerator<Happening, void, undefined>
  /**
   * Applies the sum that was agreed on before, unless there is one already.
   *
   * @returns whether there is one now
   */
  recall(saved: string | undefined): boolean
  /** The sum as it is sent to others, once there is one. */
  encoded(): Uint8Array | undefined
  /** SHA-256 of the sum's total, by which peers recognise others with the same sum. */
  digest(): Uint8Array | undefined
  readonly rejected: Readonly<Record<string, number>>
}

/** Creates a peer's part in the sum. */
export function createAgreedSum(init: AgreedSumInit, node: HearsayHost, presence: Presence): AgreedSum {
  const { manifest, runId, summand } = init
  const totalBytes = summand.bytes.length
  const agreement = createAgreement({
    runId,
    own: summand.bytes,
    widths: summand.widths,
    smallest: manifest.minPeers,
    live: presence.live,
  })({ node })
  let encoded: Uint8Array | undefined
  let digest: Uint8Array | undefined

  const savedSum = (saved: string | undefined): SummedNumbers | undefined =>
    saved === undefined ? undefined : decodeSum(Buffer.from(saved, 'base64'), totalBytes)

  const nameOf = (peer: PeerIdStr): string =>
    peer === node.peerId.toString() ? init.name : (presence.heard().get(peer)?.name ?? peer.slice(-6))

  async function* addedUp(minPeers: number, signal: AbortSignal): AsyncGenerator<Happening, SummedNumbers, undefined> {
    const { joinSeconds } = manifest.limits
    if (minPeers < manifest.minPeers && presence.live().length === 0) throw alone(manifest)
    const over = createDeadline(signal)
    try {
      const agreeing = agreeWithOthers({ node, presence, runId, agreement, totalBytes, joinSeconds }, over.signal)
      if (await isLong(agreeing, joinSeconds * 1000)) {
        const live = presence.live().map(peer => ({ peer, name: nameOf(peer) }))
        yield { type: 'agreeing', live, wanted: manifest.minPeers }
      }
      return await agreeing
    } finally {
      over.abort(new Error('The peer goes on without it'))
      over.clear()
    }
  }

  return {
    start: () => agreement.start(),
    stop: () => agreement.stop(),
    async *agree(saved, minPeers, signal) {
      const sum = savedSum(saved) ?? (yield* addedUp(minPeers, signal))
      encoded = encodeSum(sum)
      digest = await digestOf(sum.total)
      // So that no peer takes this one for a peer that has no sum yet.
      await presence.speak().catch(() => {})
      const members = sum.members.map(peer => ({ peer, name: nameOf(peer) }))
      const text = Buffer.from(encoded).toString('base64')
      yield { type: 'standardised', members, sum: text, notes: summand.settle(sum) }
    },
    recall(saved) {
      if (encoded !== undefined) return true
      const sum = savedSum(saved)
      if (sum !== undefined) summand.settle(sum)
      return sum !== undefined
    },
    encoded: () => encoded,
    digest: () => digest,
    get rejected() {
      return agreement.rejected
    },
  }
}

/** The sum of a single peer is that peer's own part, which every peer that comes later would receive. */
function alone({ minPeers }: Manifest): HearsayError {
  return new HearsayError(
    'RUN',
    `mean and spread of the columns are agreed on by ${minPeers} peers or more (minPeers), and this one is alone: begin without --alone, or with data.standardise: own in the manifest`,
  )
}
