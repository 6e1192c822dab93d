import { type InviteRejection, inviteLimits } from './invite.js'

/**
 * How a newcomer shows its invitation, as data. On each new connection, on a stream of its own:
 *
 *     newcomer → frame: AccessRequest      its token; then closes its end
 *     member   → frame: AccessReply        ADMITTED or why not; then closes its end
 *
 * Both sides of a connection may be newcomers to each other; each opens a stream.
 */
export const accessProtocol = {
  id: '/hearsay/access/1.0.0',
  limits: {
    /** A token and the field around it. */
    requestBytes: inviteLimits.tokenBytes + 8,
    /** Two bytes would do; the rest is room for later versions. */
    replyBytes: 32,
    /** One is needed; a second where both sides dialled at once. */
    streamsPerConnection: 2,
  },
  /** From the opening of a connection until its peer is admitted; then it is closed. */
  deadlineMs: 5_000,
  /** How long the other side may take to close its end of a finished stream before it is reset. */
  closeMs: 1_000,
} as const

/** Why a peer was not admitted. */
export type AccessRejection = InviteRejection | 'TIMEOUT'
