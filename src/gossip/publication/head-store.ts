import type { PeerId } from '@libp2p/interface'
import { equals } from 'uint8arrays/equals'
import type { PeerIdStr } from '../peer-id.js'
import type { SignedMessage } from '../pubsub/signed-message.js'
import type { PublicationRejection } from './published-head.js'

/** Which of an author's heads: the later round, and of two of one round what was signed later. */
export interface HeadPosition {
  readonly round: number
  readonly sequence: bigint
  /** SHA-256 of the payload. */
  readonly digest: Uint8Array
}

/** A head that is here whole and was checked. */
export interface StoredHead extends HeadPosition {
  readonly author: PeerId
  readonly signed: SignedMessage
  readonly payload: Uint8Array
  /** On shared memory. */
  readonly values: Float32Array
}

/** The place of a head that is being checked or pulled. Until it is released the head is not requested again. */
export interface HeadClaim {
  /** Ends when there is no place for this head any more. */
  readonly signal: AbortSignal
  /** Ends when a newer head of the same author has come. */
  readonly superseded: AbortSignal
  /** @returns whether it was kept: it is newer than what was there */
  deliver(head: StoredHead): boolean
  /** The head could not be fetched; it may be offered again. */
  release(): void
}

/** Of each author the newest head. An author's last head stays when the author goes. */
export interface HeadStore {
  /** Keeps a place for a head, or returns why there is none. */
  claim(author: PeerIdStr, position: HeadPosition): HeadClaim | PublicationRejection
  /** Would this head be new? */
  isNews(author: PeerIdStr, position: Omit<HeadPosition, 'sequence'>): boolean
  heads(): StoredHead[]
  head(author: PeerIdStr): StoredHead | undefined
  withDigest(digest: Uint8Array): StoredHead | undefined
  /** From now on only these have places. */
  keepOnly(authors: ReadonlySet<PeerIdStr>): void
}

interface Desk {
  held: StoredHead | undefined
  /** The newest head that is here or was claimed; older ones are no news. */
  newest: HeadPosition | undefined
  /** Claims that may still be delivered. */
  open: number
  /** Of the newest claim. */
  superseding: AbortController
  /** Of all of them. */
  readonly leaving: AbortController
  /** When its author was heard last. */
  at: number
}

/**
 * @param capacity - authors at most. Live authors displace those that are gone, first the one whose head came longest ago;
 *   an author that is gone only gets a free place, or strangers with made-up names would displace the heads
 *   of members that have left.
 * @param isLive - is the author there?
 */
export function createHeadStore(capacity: number, isLive: (author: PeerIdStr) => boolean): HeadStore {
  const desks = new Map<PeerIdStr, Desk>()
  let most = capacity

  function clear(author: PeerIdStr): void {
    const desk = desks.get(author)
    if (desk === undefined) return
    desk.leaving.abort(new Error('There is no place for this head'))
    desks.delete(author)
  }

  function hasRoom(author: PeerIdStr): boolean {
    if (desks.size < most) return true
    if (!isLive(author)) return false
    let gone: PeerIdStr | undefined
    for (const [other, { at }] of desks) {
      if ((gone === undefined || at < desks.get(gone)!.at) && !isLive(other)) gone = other
    }
    if (gone === undefined) return false
    clear(gone)
    return true
  }

  return {
    claim(author, position) {
      const before = desks.get(author)
      if (before !== undefined) {
        const { newest } = before
        if (newest?.round === position.round && equals(position.digest, newest.digest)) return 'DUPLICATE'
        if (newest !== undefined && !isLater(position, newest)) return 'STALE_ROUND'
        before.superseding.abort(new Error('A newer head has come'))
      } else if (!hasRoom(author)) return 'TOO_MANY_PEERS'
      const superseding = new AbortController()
      const at = performance.now()
      const desk = before ?? {
        held: undefined,
        newest: position,
        open: 0,
        superseding,
        leaving: new AbortController(),
        at,
      }
      Object.assign(desk, { newest: position, open: desk.open + 1, superseding, at })
      desks.set(author, desk)
      const isHere = (): boolean => desks.get(author) === desk
      return {
        signal: desk.leaving.signal,
        superseded: superseding.signal,
        deliver(head) {
          desk.open -= 1
          if (!isHere() || (desk.held !== undefined && !isLater(position, desk.held))) return false
          desk.held = head
          if (desk.newest === undefined || isLater(head, desk.newest)) desk.newest = head
          return true
        },
        release() {
          desk.open -= 1
          if (desk.newest === position) desk.newest = desk.held
          if (isHere() && desk.newest === undefined && desk.open === 0) desks.delete(author)
        },
      }
    },
    isNews(author, { round, digest }) {
      const newest = desks.get(author)?.newest
      return newest === undefined || round > newest.round || (round === newest.round && !equals(digest, newest.digest))
    },
    heads: () => [...desks.values()].flatMap(({ held }) => held ?? []),
    head: author => desks.get(author)?.held,
    withDigest(digest) {
      for (const { held } of desks.values()) if (held !== undefined && equals(held.digest, digest)) return held
      return undefined
    },
    keepOnly(authors) {
      most = Math.max(capacity, authors.size)
      for (const author of desks.keys()) if (!authors.has(author)) clear(author)
    },
  }
}

function isLater(a: HeadPosition, b: HeadPosition): boolean {
  return a.round > b.round || (a.round === b.round && a.sequence > b.sequence)
}
