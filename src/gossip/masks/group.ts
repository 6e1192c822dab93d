import { sha256 } from '../digest.js'
import type { PeerIdStr } from '../peer-id.js'

/** The peers whose heads one receiver adds up in one exchange, as one of them or the receiver sees them. */
export interface MaskGroup {
  readonly receiver: PeerIdStr
  /** The senders and their public keys, in the order of their ids. */
  readonly senders: ReadonlyMap<PeerIdStr, Uint8Array>
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
  /** The senders that are live, each with the public key that it has published. */
  readonly senders: ReadonlyMap<PeerIdStr, Uint8Array>
  /** With fewer senders a sum would be a head, or a head and a colluder's. */
  readonly least: number
  /** @default any number */
  readonly most?: number
}

/** @returns undefined where these peers must not mask: they are too few or too many, or two have the same key */
export function maskGroup(init: MaskGroupInit): MaskGroup | undefined {
  const { runId, receiver, round, step, senders, least, most = Number.POSITIVE_INFINITY } = init
  const sorted = [...senders].sort(([a], [b]) => (a < b ? -1 : 1))
  const keys = sorted.map(([, key]) => Buffer.from(key).toString('hex'))
  if (keys.length < least || keys.length > most || new Set(keys).size < keys.length) return undefined
  const lines = sorted.map(([peer], place) => `${peer} ${keys[place]}\n`)
  const digest = sha256('hearsay masked head 1\n', runId, `${receiver} ${round} ${step}\n`, ...lines)
  return { receiver, senders: new Map(sorted), digest }
}
