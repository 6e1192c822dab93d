import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { PeerIdStr } from '../peer-id.js'
import { type MaskGroup, secretIn } from './group.js'
import { adds, keyOfMask, type MaskKey, maskWith } from './mask.js'
import type { MaskInSum } from './masked-head.js'
import { restoreSecret, sharesLimit, splitSecret } from './shamir.js'

/*
 * Sums that survive a sender's absence: Bonawitz' second mask (CCS 2017, section 4.4). Each sender adds a mask of its own,
 * whose secret it cuts into shares for the others. Of a sender whose head came the others give shares, so that its own
 * mask is taken off; of one whose head did not come they give the keys of its masks with them. Never both: what came late
 * stays masked.
 *
 * Of n senders d may be missing, a quarter. Let c of the others help a receiver that tells each sender another story. To
 * see the head of j it needs the key of j with every honest sender, and t shares of the secret of j. A key comes from
 * either end: j itself gives those with up to d that it is told are missing. Only these can then give shares of j, whom
 * they are told is there; every other must have been told that j is missing, or its key is lacking. So c + d shares can be
 * had, and t is more than that for c up to n − 2d − 2, t being n − d − 1: all whose heads came but one.
 *
 * Nobody has a share of its own secret: it would be one more.
 */

/** Senders that may be missing. More of them would leave fewer that may help the receiver: `colludersBorne`. */
export function absencesBorne(senders: number): number {
  return Math.floor(senders / 4)
}

/** Senders that may help the receiver, whatever it says, before it learns a head: about half. */
export function colludersBorne(senders: number): number {
  return Math.max(0, senders - 2 * absencesBorne(senders) - 2)
}

/** Heads that a sum must be of. */
export function leastHeads(senders: number): number {
  return senders - absencesBorne(senders)
}

/** Shares that restore a secret. */
export function threshold(senders: number): number {
  return leastHeads(senders) - 1
}

export const shareLimits = {
  senders: sharesLimit,
  /** A share of 32 bytes and a tag of 16. */
  sealedBytes: 48,
  partBytes: 32,
} as const

/** The senders of a group but one, in order. */
function othersOf({ senders }: MaskGroup, self: PeerIdStr): PeerIdStr[] {
  return [...senders.keys()].filter(peer => peer !== self)
}

function placeOf({ senders }: MaskGroup, peer: PeerIdStr): number {
  return 1 + [...senders.keys()].indexOf(peer)
}

/** Of one pair, one direction and one group, and used once: so its nonce may be 0. */
function sealingKey(secret: Uint8Array, { digest }: MaskGroup, from: PeerIdStr, to: PeerIdStr): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, digest, `hearsay share ${from} ${to}`, 32))
}

const nonce = new Uint8Array(12)

function seal(key: Uint8Array, share: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  return Buffer.concat([cipher.update(share), cipher.final(), cipher.getAuthTag()])
}

/** `undefined` for what was not sealed with this key. */
function open(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length !== shareLimits.sealedBytes) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
  decipher.setAuthTag(sealed.subarray(shareLimits.partBytes))
  const share = decipher.update(sealed.subarray(0, shareLimits.partBytes))
  try {
    decipher.final()
  } catch {
    // Its tag is wrong: Node says so by a plain Error.
    return undefined
  }
  return share
}

/** What a sender draws for one receiver in one exchange. */
export interface OwnMask {
  /** 32 bytes. */
  readonly secret: Uint8Array
  /** Its shares, each sealed for one of the others, in the order of their ids. */
  readonly sealed: readonly Uint8Array[]
}

/** @throws RangeError as {@link secretIn} does */
export function drawOwnMask(group: MaskGroup, self: PeerIdStr, key: MaskKey): OwnMask {
  const secret = Uint8Array.from(randomBytes(32))
  const others = othersOf(group, self)
  const shares = splitSecret(
    secret,
    threshold(group.senders.size),
    others.map(peer => placeOf(group, peer)),
  )
  const sealed = others.map((peer, at) => seal(sealingKey(secretIn(group, key, peer), group, self, peer), shares[at]!))
  return { secret, sealed }
}

/** What a receiver asks a sender, once the heads are here. */
export interface UnmaskQuestion {
  /** Places among the group's senders, from 0 and rising, of those whose heads came: the asked one's among them. */
  readonly came: readonly number[]
  /** What each of these but the asked one has sealed for it, in the same order. */
  readonly sealed: readonly Uint8Array[]
}

/**
 * A sender's answer, a part for each of the others: the share of one whose head came, empty where it was not sealed for
 * us; the key of the mask with one whose head did not. The caller answers once for a group, whatever it is asked.
 *
 * @returns undefined for a question that no honest receiver asks
 */
export function answerOf(
  group: MaskGroup,
  self: PeerIdStr,
  key: MaskKey,
  { came, sealed }: UnmaskQuestion,
): Uint8Array[] | undefined {
  const senders = [...group.senders.keys()]
  const isRising = came.every((place, at) => place < senders.length && (at === 0 || place > came[at - 1]!))
  const there = came.map(place => senders[place]!)
  if (!isRising || !there.includes(self) || sealed.length !== came.length - 1) return undefined
  if (came.length < leastHeads(senders.length)) return undefined
  const sealedBy = new Map(there.filter(peer => peer !== self).map((peer, at) => [peer, sealed[at]!]))
  return othersOf(group, self).map(peer => {
    const secret = secretIn(group, key, peer)
    const theirs = sealedBy.get(peer)
    if (theirs === undefined) return keyOfMask(secret, group.digest, [self, peer])
    return open(sealingKey(secret, group, peer, self), theirs) ?? new Uint8Array()
  })
}

/** The question to one of those whose heads came. @param sealedOf - what each has sealed, as it was handed over */
export function questionTo(
  group: MaskGroup,
  asked: PeerIdStr,
  came: readonly PeerIdStr[],
  sealedOf: ReadonlyMap<PeerIdStr, readonly Uint8Array[]>,
): UnmaskQuestion {
  const there = [...group.senders.keys()].filter(peer => came.includes(peer))
  return {
    came: there.map(peer => placeOf(group, peer) - 1),
    sealed: there
      .filter(peer => peer !== asked)
      .map(peer => sealedOf.get(peer)![othersOf(group, peer).indexOf(asked)]!),
  }
}

/** The parts that the answers have about each sender, by holder; of wrong length there is none. */
function partsIn(
  { senders }: MaskGroup,
  answers: ReadonlyMap<PeerIdStr, readonly Uint8Array[]>,
): Map<PeerIdStr, ReadonlyMap<PeerIdStr, Uint8Array>> {
  const all = [...senders.keys()]
  const holders = all.flatMap((holder, place) => {
    const parts = answers.get(holder)
    return parts === undefined ? [] : [{ holder, place, parts }]
  })
  const about = (peer: PeerIdStr, at: number): [PeerIdStr, ReadonlyMap<PeerIdStr, Uint8Array>] => {
    // A holder has no part about itself.
    const parts = holders.map(
      ({ holder, place, parts }) => [holder, place === at ? undefined : parts[at - Number(at > place)]] as const,
    )
    return [
      peer,
      new Map(parts.filter((one): one is [PeerIdStr, Uint8Array] => one[1]?.length === shareLimits.partBytes)),
    ]
  }
  return new Map(all.map(about))
}

/** How many parts about a sender it takes: most of the shares of its own mask, or all keys of its masks with the others. */
function partsNeeded({ senders }: MaskGroup, came: readonly PeerIdStr[], peer: PeerIdStr): number {
  return came.includes(peer) ? threshold(senders.size) : came.length
}

/** Do these answers, of senders whose heads came, suffice for {@link masksLeft}? */
export function suffice(
  group: MaskGroup,
  came: readonly PeerIdStr[],
  answers: ReadonlyMap<PeerIdStr, readonly Uint8Array[]>,
): boolean {
  return [...partsIn(group, answers)].every(([peer, { size }]) => size >= partsNeeded(group, came, peer))
}

/**
 * The masks that are left in the sum of the heads that came.
 *
 * @param answers - by those who answered, of those whose heads came
 * @returns undefined where the answers do not suffice
 */
export function masksLeft(
  group: MaskGroup,
  came: readonly PeerIdStr[],
  answers: ReadonlyMap<PeerIdStr, readonly Uint8Array[]>,
): MaskInSum[] | undefined {
  if (!suffice(group, came, answers)) return undefined
  return [...partsIn(group, answers)].flatMap(([peer, parts]) => {
    if (!came.includes(peer))
      return [...parts].map(([holder, key]) => ({ mask: maskWith(key), adds: adds(holder, peer) }))
    const some = [...parts].slice(0, partsNeeded(group, came, peer))
    const shares = new Map(some.map(([holder, share]) => [placeOf(group, holder), share]))
    return [{ mask: maskWith(keyOfMask(restoreSecret(shares), group.digest)), adds: true }]
  })
}
