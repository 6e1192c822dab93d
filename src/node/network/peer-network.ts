import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { HearsayError } from '../../errors.js'
import {
  type AccessPolicy,
  createAccess,
  type HostInit,
  type InviteRejection,
  type NetworkKey,
  verifyInvite,
} from '../../gossip/index.js'
import type { InTheField } from '../assembled-peer.js'

/** How a peer in the field is reached, and which others may take part with it. */
export interface PeerNetwork {
  /** Only peers with the same key can connect. @default none */
  readonly key?: NetworkKey | undefined
  /** Only these peers may connect. Not in a run by invitation. @default every peer may */
  readonly allow?: readonly PeerId[] | undefined
  /** In a run by invitation: this peer's token. @default none: it is a founder */
  readonly invite?: string | undefined
  /** Relays through which this peer can be reached: multiaddrs with a peer id. @default none */
  readonly relays?: readonly string[] | undefined
  /** Number of other peers that this one is a relay for. @default 0 */
  readonly relaySlots?: number | undefined
  /** Addresses under which others reach this peer besides its own: multiaddrs without a peer id. @default none */
  readonly announce?: readonly string[] | undefined
  /** Finds peers of the run on the LAN (mDNS), and connects to some of them. @default false */
  readonly lan?: boolean | undefined
  /** Requests a port mapping from the router (UPnP). @default false */
  readonly upnp?: boolean | undefined
  /** Counts what libp2p does, as for Prometheus: for one peer. @default nothing is counted */
  readonly metrics?: HostInit['metrics']
}

export interface NetworkOf {
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** The founders of a run by invitation; undefined where everybody who knows the address may take part. */
  readonly founders?: readonly PeerId[] | undefined
  /** The peers that are dialled first. @default none */
  readonly contacts?: readonly Multiaddr[]
  /** Called when a peer refuses our invitation. Must not throw. */
  readonly onRefused?: (by: string, reason: InviteRejection) => void
}

/** The options of a host for this network. For one host only: they hold the state of which peers are admitted. */
export function hostNetwork(network: PeerNetwork, run: NetworkOf): Omit<InTheField, 'share'> {
  const { key, invite, relays = [], relaySlots, announce, lan = false, upnp, metrics } = network
  const { contacts = [], onRefused } = run
  const policy = policyOf(network, run)
  const access =
    policy.kind === 'open'
      ? undefined
      : createAccess({ policy, relays: relaysIn(relays, contacts), ...(onRefused && { onRefused }) })
  return {
    field: {
      relays,
      ...(relaySlots === undefined ? {} : { relaySlots }),
      ...(announce === undefined ? {} : { announce: announce.map(checkAnnounced) }),
      ...(upnp === undefined ? {} : { upnp }),
    },
    lan,
    ...(key && { networkKey: key }),
    ...(access && { access }),
    ...(metrics && { metrics }),
    ...(invite !== undefined && run.founders !== undefined && { invite: Buffer.from(invite, 'base64url') }),
  }
}

/** Why an invitation is refused, and the remedy. */
const refusals: Readonly<Record<InviteRejection, string>> = {
  OVERSIZE: 'is no invitation; copy the whole token',
  MALFORMED: 'is no invitation; copy the whole token',
  WRONG_RUN: 'is for another run; ask for one to this run',
  EXPIRED: 'is over; ask for a new one',
  WRONG_PEER: 'is for another peer id; name the folder whose id was invited with --out',
  TOO_DEEP: 'comes from too far; ask a member closer to a founder for one',
  UNKNOWN_FOUNDER: 'does not come from a founder of this run; ask a member for one',
  BROKEN_CHAIN: 'comes from a peer that was not invited; ask a member for one',
  BAD_SIGNATURE: 'was changed on its way; copy the whole token',
}

/** The error for an invitation that is refused, in one line. */
export function refusedInvite(reason: InviteRejection, by: string): HearsayError {
  return new HearsayError('NETWORK', `${by} does not take the invitation: it ${refusals[reason]}`, { field: 'invite' })
}

/**
 * Reports at once what the others would show only by closing the connection.
 *
 * @returns who has invited this peer; undefined of a founder, and where a run is not by invitation
 * @throws {@link HearsayError} `NETWORK` if this peer may not take part
 */
export async function checkInvited(
  { invite }: PeerNetwork,
  { runId, founders }: NetworkOf,
  peerId: PeerId,
): Promise<string | undefined> {
  if (founders === undefined) {
    if (invite === undefined) return undefined
    throw new HearsayError('NETWORK', 'this run is not by invitation; leave it out', { field: 'invite' })
  }
  if (founders.some(founder => founder.equals(peerId))) return undefined
  if (invite === undefined) {
    throw new HearsayError(
      'NETWORK',
      `this peer, ${peerId}, is none of them; ask one for an invitation and give it with --invite`,
      { field: 'access.founders' },
    )
  }
  const verified = await verifyInvite(invite, { runId, founders, now: Date.now(), presentedBy: peerId })
  if (!verified.ok) throw refusedInvite(verified.reason, 'this run')
  return verified.invite.invitedBy
}

function policyOf({ allow, invite }: PeerNetwork, { runId, founders }: NetworkOf): AccessPolicy {
  if (founders === undefined) return allow === undefined ? { kind: 'open' } : { kind: 'allow-list', peers: allow }
  if (allow !== undefined) {
    throw new HearsayError(
      'NETWORK',
      "allow: this run is by invitation (the manifest's access.founders); leave the list out",
    )
  }
  return { kind: 'invites', runId, founders, ...(invite === undefined ? {} : { token: invite }) }
}

/** Relays that need not be members: ours, and those we dial through. The host reports those that are no addresses. */
function relaysIn(relays: readonly string[], contacts: readonly Multiaddr[]): PeerId[] {
  const through = contacts.flatMap(address => String(address).split('/p2p-circuit').slice(0, -1))
  return [...relays, ...through].flatMap(address => {
    try {
      return [peerIdFromString(/\/p2p\/([^/]+)$/.exec(address)?.[1] ?? '')]
    } catch {
      return []
    }
  })
}

/** Checks an address here, because libp2p would fail to start with a wrong one, and report it with a stack. */
function checkAnnounced(address: string): string {
  try {
    const names = multiaddr(address)
      .getComponents()
      .map(({ name }) => name)
    if (names.length > 1 && !names.includes('p2p')) return address
  } catch {
    // Reported below.
  }
  throw new HearsayError(
    'NETWORK',
    `${address} is no address of this machine or its router; write it like /ip4/203.0.113.7/tcp/4001, without /p2p/`,
    { field: 'announce' },
  )
}
