import type { PeerId } from '@libp2p/interface'
import type { Admission } from '../host/admission.js'
import type { PeerIdStr } from '../peer-id.js'
import type { AuthorVerdict } from './authors.js'
import type { InviteRejection } from './invite.js'
import type { AccessRejection } from './protocol.js'

/** Which peers may take part. */
export type AccessPolicy =
  /** Every peer that knows the address, and the network key where there is one. */
  | { readonly kind: 'open' }
  /** These peers only; `allow` changes the list. */
  | { readonly kind: 'allow-list'; readonly peers: Iterable<PeerId> }
  /** The founders, and peers that show an invitation which comes from one of them. */
  | {
      readonly kind: 'invites'
      /** 32 bytes. */
      readonly runId: Uint8Array
      readonly founders: Iterable<PeerId>
      /**
       * What this peer shows to others.
       * @default nothing: it is a founder
       */
      readonly token?: string
    }

export interface AccessInit {
  readonly policy: AccessPolicy
  /**
   * Relays that are no members: they may be connected, and nothing of Hearsay's is served to them.
   * @default none
   */
  readonly relays?: Iterable<PeerId>
  /**
   * From the opening of a connection until its peer must be admitted, in milliseconds.
   * @default accessProtocol.deadlineMs
   */
  readonly deadlineMs?: number
  /** Called when a member refuses our token, so that the user can request another. Must not throw. */
  readonly onRefused?: (by: PeerIdStr, reason: InviteRejection) => void
  /** @default Date.now */
  readonly now?: () => number
}

/** Decides which peers may take part in one peer's network. Given to `createHost`, which starts and stops it. */
export interface Access extends Admission {
  /**
   * Replaces the allow-list while running; connections of those no longer on it are closed.
   * @throws TypeError with another policy
   */
  allow(peers: Iterable<PeerId>): void
  /**
   * May an author take part whose record others pass on, and that need not be connected? For presence's `admits`.
   *
   * @param invite - what its record shows
   */
  admitsAuthor(author: PeerId, invite: Uint8Array): AuthorVerdict | Promise<AuthorVerdict>
  /** Who invited an author that may take part; undefined of founders, and where a run is not by invitation. */
  inviterOf(author: PeerIdStr): PeerIdStr | undefined
  /** Refused peers by reason: an `AllowListReason` or an {@link AccessRejection}. A snapshot. */
  readonly rejected: Readonly<Record<string, number>>
}
