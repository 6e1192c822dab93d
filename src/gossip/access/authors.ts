import type { PeerId } from '@libp2p/interface'
import { equals } from 'uint8arrays/equals'
import type { PeerIdStr } from '../peer-id.js'
import { presenceProtocol } from '../presence/protocol.js'
import { verifyInvite } from './invite.js'

/**
 * May an author take part? `never` where no honest member would have passed its record on; `no` where members may
 * differ over it, as over a list or the time of day.
 */
export type AuthorVerdict = 'yes' | 'no' | 'never'

export interface AuthorsInit {
  /** 32 bytes. */
  readonly runId: Uint8Array
  readonly founders: readonly PeerId[]
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Decides whether an author's records are believed, by the invitation that they show. */
export interface Authors {
  admits(author: PeerId, invite: Uint8Array): AuthorVerdict | Promise<AuthorVerdict>
  /** Who invited an author whose records are believed; undefined of founders, and of authors that are not known. */
  inviterOf(author: PeerIdStr): PeerIdStr | undefined
}

interface Verified {
  readonly token: Uint8Array
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly invitedBy: PeerIdStr
}

/**
 * In a run by invitation: the founders, and peers that show an invitation. Most authors are never connected to us; so
 * every record carries the token, 200 bytes for a founder's own guest and below 1 KiB for the longest chain, and a peer
 * that comes late can judge the first record that it receives without a request. Signatures are verified once for each
 * author and token: as many are remembered as presence remembers authors, 2 MiB of tokens at most.
 */
export function createAuthors({ runId, founders, now }: AuthorsInit): Authors {
  const founderIds = new Set(founders.map(founder => founder.toString()))
  const verified = new Map<PeerIdStr, Verified>()

  function admits(author: PeerId, invite: Uint8Array): AuthorVerdict | Promise<AuthorVerdict> {
    const name = author.toString()
    if (founderIds.has(name)) return 'yes'
    const known = verified.get(name)
    // An invitation ends for all peers at once, or members would differ over which peers take part.
    if (known !== undefined && equals(known.token, invite)) return now() < known.expiresAt ? 'yes' : 'no'
    return verifyInvite(invite, { runId, founders, now: now(), presentedBy: author }).then(answer => {
      // Clocks differ: an honest member may have passed it on.
      if (!answer.ok) return answer.reason === 'EXPIRED' ? 'no' : 'never'
      verified.delete(name)
      const { expiresAt, invitedBy } = answer.invite
      verified.set(name, { token: Uint8Array.from(invite), expiresAt, invitedBy })
      if (verified.size > presenceProtocol.limits.peers) verified.delete(verified.keys().next().value!)
      return 'yes'
    })
  }

  return { admits, inviterOf: author => verified.get(author)?.invitedBy }
}
