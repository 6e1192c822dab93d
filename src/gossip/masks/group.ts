import { sha256 } from '../digest.js'
import type { PeerIdStr } from '../peer-id.js'
import type { MaskKey } from './mask.js'

/** The peers whose heads one receiver adds up in one exchange, as one of them or the receiver sees them. */
export interface MaskGroup {
  readonly receiver: PeerIdStr
  /** The senders and their public keys, in the order of their ids. */
  readonly senders: ReadonlyMap<PeerIdStr, Uint8Array>
  /** What the receiver gives to the head of each. Where two see another number of peers, these differ. */
  readonly weights: ReadonlyMap<PeerIdStr, number>
  /**
   * 32 bytes. All that the mask of two peers depends on beside their secret: where two differ in anything of it their
   * masks do not cancel, and no mask is ever used in two groups.
   */
  readonly digest: Uint8Array
}

export interface MaskGroupInit {
  /** 32 bytes. */
  readonly runId: Uint8Array
  readonly receiver: PeerIdStr
  readonly round: number
  readonly step: number
  /** The senders that are live, each with the public key that it has published: one that makes a secret. */
  readonly senders: ReadonlyMap<PeerIdStr, Uint8Array>
  /** Of each sender. */
  readonly weights: ReadonlyMap<PeerIdStr, number>
  /** With fewer senders a sum would be a head, or a head and a colluder's. */
  readonly least: number
  /** @default any number */
  readonly most?: number
}

/** @returns undefined where these peers must not mask: they are too few or too many */
export function maskGroup(init: MaskGroupInit): MaskGroup | undefined {
  const { runId, receiver, round, step, senders, weights, least, most = Number.POSITIVE_INFINITY } = init
  if (senders.size < least || senders.size > most) return undefined
  const sorted = [...senders].sort(([a], [b]) => (a < b ? -1 : 1))
  const lines = sorted.map(([peer, key]) => `${peer} ${hex(key)} ${hex(float64(weights.get(peer)!))}\n`)
  const digest = sha256('hearsay masked head 1\n', runId, `${receiver} ${round} ${step}\n`, ...lines)
  return { receiver, senders: new Map(sorted), weights, digest }
}

/**
 * The secret with one of a group's senders.
 *
 * @throws RangeError for a key that makes every secret 0: such a peer is no sender, as its mask would hide nothing
 */
export function secretIn({ senders }: MaskGroup, key: MaskKey, peer: PeerIdStr): Uint8Array {
  const secret = key.secretWith(senders.get(peer)!)
  if (secret === undefined) throw new RangeError(`${peer} is in a group, and its key makes every secret 0`)
  return secret
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The bits of a number: of a decimal text there is more than one. */
function float64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}
