import { randomBytes } from 'node:crypto'
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { equals } from 'uint8arrays/equals'
import { HearsayError } from '../../errors.js'
import { orNothing } from '../bug.js'
import { Invite as InviteRecord, SignedInvite } from '../generated/access.js'
import type { PeerIdStr } from '../peer-id.js'
import { authorOf } from '../pubsub/signed-message.js'

/** What an invitation may be. */
export const inviteLimits = {
  /** A chain of four takes about 900 bytes, 1.2 KiB as text. */
  tokenBytes: 2048,
  /** From the founder's invitation to the last: a person can still follow who invited whom. */
  depth: 4,
  nonceBytes: 16,
} as const

/**
 * In front of what is signed: a signature made for anything else with the same key is none of these, and the other
 * way round.
 */
const signedPrefix = Buffer.from('hearsay invite 1\n')

/** An invitation that holds. */
export interface Invite {
  /** The peer that it admits; `undefined` is every peer that has it. */
  readonly admits: PeerIdStr | undefined
  readonly invitedBy: PeerIdStr
  /** The member from which the chain comes. */
  readonly founder: PeerIdStr
  /** Milliseconds since 1970: the earliest end in the chain. */
  readonly expiresAt: number
  /** 1 is a founder's own invitation. */
  readonly depth: number
}

/** Why a token admits no peer. */
export type InviteRejection =
  | 'OVERSIZE' // longer than any token
  | 'MALFORMED' // bytes that are no such record
  | 'WRONG_RUN' // an invitation to another run
  | 'EXPIRED' // it, or one that it comes from
  | 'WRONG_PEER' // made for another peer
  | 'TOO_DEEP' // a longer chain than is allowed
  | 'UNKNOWN_FOUNDER' // its chain begins with a peer that is no founder
  | 'BROKEN_CHAIN' // an inviter that its own invitation does not name
  | 'BAD_SIGNATURE' // not signed by the one it names

export type VerifiedInvite =
  | { readonly ok: true; readonly invite: Invite }
  | { readonly ok: false; readonly reason: InviteRejection }

export interface CreateInvite {
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** Of the inviter, a founder or a peer with an invitation of its own. */
  readonly privateKey: Ed25519PrivateKey
  /**
   * Milliseconds since 1970; rounded down to the second. After it the token admits no peer, and the records of those
   * that it admitted are no longer believed.
   */
  readonly expiresAt: number
  /**
   * The only peer that it admits.
   * @default every peer that has the token, until it expires; such a guest cannot invite others
   */
  readonly invitee?: PeerId
  /** The invitation by which the inviter came, if it is no founder. */
  readonly parent?: string
}

export interface VerifyInvite {
  /** 32 bytes. */
  readonly runId: Uint8Array
  readonly founders: Iterable<PeerId>
  /** Milliseconds since 1970. */
  readonly now: number
  /**
   * The peer that presents it.
   * @default any peer: a token for one peer is not refused
   */
  readonly presentedBy?: PeerId
}

/**
 * Signs an invitation.
 *
 * @throws {@link HearsayError} USAGE when what it would come from cannot be passed on
 */
export async function createInvite(init: CreateInvite): Promise<string> {
  if (init.runId.length !== 32) throw new RangeError(`A run id has 32 bytes, not ${init.runId.length}`)
  const seconds = Math.floor(init.expiresAt / 1000)
  if (!(seconds >= 0 && seconds < 2 ** 32))
    throw new HearsayError('USAGE', 'it must end between 1970 and 2106', { field: 'invite' })
  const parent = init.parent === undefined ? undefined : Buffer.from(init.parent, 'base64url')
  if (parent !== undefined) checkParent(parent, init.privateKey, seconds)
  const body = InviteRecord.encode({
    runId: Uint8Array.from(init.runId),
    inviter: Uint8Array.from(init.privateKey.publicKey.raw),
    expiresAt: seconds,
    invitee: init.invitee === undefined ? new Uint8Array() : rawKeyOf(init.invitee),
    nonce: Uint8Array.from(randomBytes(inviteLimits.nonceBytes)),
    parent: parent === undefined ? new Uint8Array() : Uint8Array.from(parent),
  })
  const signature = await init.privateKey.sign(Buffer.concat([signedPrefix, body]))
  return Buffer.from(SignedInvite.encode({ body, signature: Uint8Array.from(signature) })).toString('base64url')
}

/**
 * Reads a token and checks all of its chain. Never throws, whatever the text. What costs nothing is checked first: four
 * signatures are verified only for a chain that is otherwise right.
 */
export async function verifyInvite(token: string | Uint8Array, init: VerifyInvite): Promise<VerifiedInvite> {
  const links = readChain(token)
  if (typeof links === 'string') return refused(links)
  const [first] = links
  const root = links.at(-1)!
  const founders = new Set(Array.from(init.founders, founder => founder.toString()))
  if (links.some(({ record }) => !equals(record.runId, init.runId))) return refused('WRONG_RUN')
  const expiresAt = 1000 * Math.min(...links.map(({ record }) => record.expiresAt))
  if (init.now >= expiresAt) return refused('EXPIRED')
  if (init.presentedBy !== undefined && first!.invitee !== undefined && !init.presentedBy.equals(first!.invitee)) {
    return refused('WRONG_PEER')
  }
  if (!founders.has(root.inviter.toString())) return refused('UNKNOWN_FOUNDER')
  for (const [at, { inviter }] of links.entries()) {
    const parent = links[at + 1]
    // An open invitation admits every peer that has it, and a child carries it along: if it could be passed on, whom
    // the child is bound to, and until when, would mean nothing.
    if (parent !== undefined && parent.invitee?.equals(inviter) !== true) return refused('BROKEN_CHAIN')
  }
  for (const { inviter, body, signature } of links) {
    const signed = Buffer.concat([signedPrefix, body])
    if (!(await inviter.publicKey!.verify(signed, signature))) return refused('BAD_SIGNATURE')
  }
  return {
    ok: true,
    invite: {
      admits: first!.invitee?.toString(),
      invitedBy: first!.inviter.toString(),
      founder: root.inviter.toString(),
      expiresAt,
      depth: links.length,
    },
  }
}

interface Link {
  readonly record: InviteRecord
  readonly inviter: PeerId
  readonly invitee: PeerId | undefined
  readonly body: Uint8Array
  readonly signature: Uint8Array
}

const refused = (reason: InviteRejection): VerifiedInvite => ({ ok: false, reason })

/** From the newest invitation to the founder's. */
function readChain(token: string | Uint8Array): [Link, ...Link[]] | InviteRejection {
  if (token.length > inviteLimits.tokenBytes) return 'OVERSIZE'
  if (typeof token === 'string' && !/^[\w-]+$/.test(token)) return 'MALFORMED'
  let bytes: Uint8Array = typeof token === 'string' ? Buffer.from(token, 'base64url') : token
  const links: Link[] = []
  do {
    if (links.length === inviteLimits.depth) return 'TOO_DEEP'
    const link = readLink(bytes)
    if (link === undefined) return 'MALFORMED'
    links.push(link)
    bytes = link.record.parent
  } while (bytes.length > 0)
  return links as [Link, ...Link[]]
}

/** One invitation of a chain; `undefined` for bytes that are none. */
function readLink(bytes: Uint8Array): Link | undefined {
  const signed = orNothing(() => SignedInvite.decode(bytes))
  const record = signed && orNothing(() => InviteRecord.decode(signed.body))
  if (signed === undefined || record === undefined) return undefined
  const { body, signature } = signed
  // One invitation has one text: a list of invitations need not know other texts that mean the same.
  if (!equals(SignedInvite.encode({ body, signature }), bytes)) return undefined
  const inviter = authorOf(record.inviter)
  const invitee = authorOf(record.invitee)
  if (inviter === undefined || (invitee === undefined && record.invitee.length > 0)) return undefined
  if (record.runId.length !== 32 || record.nonce.length !== inviteLimits.nonceBytes) return undefined
  return signature.length === 64 ? { record, inviter, invitee, body, signature } : undefined
}

function checkParent(parent: Uint8Array, privateKey: Ed25519PrivateKey, expiresAt: number): void {
  const links = readChain(parent)
  if (typeof links === 'string')
    throw new HearsayError('USAGE', 'your own invitation is damaged; ask for it again', { field: 'invite' })
  if (links.length >= inviteLimits.depth) {
    throw new HearsayError(
      'USAGE',
      `yours is the last of ${inviteLimits.depth} in a row and cannot be passed on; ask a member closer to the founder`,
      { field: 'invite' },
    )
  }
  if (links[0].invitee?.equals(peerIdFromPublicKey(privateKey.publicKey)) !== true) {
    throw new HearsayError(
      'USAGE',
      'yours was not made for your peer id and cannot be passed on; ask for one that is',
      { field: 'invite' },
    )
  }
  const last = Math.min(...links.map(({ record }) => record.expiresAt))
  if (expiresAt > last) {
    throw new HearsayError(
      'USAGE',
      `yours ends ${new Date(1000 * last).toISOString()}; what comes from it cannot last longer`,
      { field: 'invite' },
    )
  }
}

function rawKeyOf(peer: PeerId): Uint8Array<ArrayBuffer> {
  if (peer.type !== 'Ed25519') {
    throw new HearsayError('USAGE', `${peer.toString()} is no Ed25519 peer id; Hearsay's begin with 12D3Koo`, {
      field: 'invitee',
    })
  }
  return Uint8Array.from(peer.publicKey.raw)
}
