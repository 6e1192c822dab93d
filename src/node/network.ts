import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { HearsayError } from '../errors.js'
import { type AccessPolicy, createAccess, type NetworkKey } from '../gossip/index.js'
import type { InTheField } from './assembly.js'

/** How a peer of the field is reached, and who may take part with it. */
export interface PeerNetwork {
  /** Only peers with the same key can connect. @default none */
  readonly key?: NetworkKey
  /** These peers and nobody else may connect. Not in a run by invitation. @default everybody */
  readonly allow?: readonly PeerId[]
  /** In a run by invitation: this peer's token. @default none: it is a founder */
  readonly invite?: string
  /** Relays through which this peer can be reached: multiaddrs with a peer id. @default none */
  readonly relays?: readonly string[]
  /** Is a relay for so many others. @default 0 */
  readonly relaySlots?: number
  /** Addresses under which others reach it besides its own: multiaddrs without a peer id. @default none */
  readonly announce?: readonly string[]
  /** Finds peers of the run on the LAN (mDNS), and connects to some of them. @default false */
  readonly lan?: boolean
  /** Asks the router to let others in (UPnP). @default false */
  readonly upnp?: boolean
}

export interface NetworkOf {
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** Of a run by invitation; nothing where whoever knows the address may take part. */
  readonly founders?: readonly PeerId[] | undefined
  /** Told when a peer does not take our invitation. Must not throw. */
  readonly onRefused?: (by: string, reason: string) => void
}

/** What a host is given for it. For one host: who may take part is remembered in it. */
export function hostNetwork(network: PeerNetwork, run: NetworkOf): Omit<InTheField, 'share'> {
  const { key, invite, relays = [], relaySlots, announce, lan = false, upnp } = network
  const policy = policyOf(network, run)
  const access =
    policy.kind === 'open'
      ? undefined
      : createAccess({ policy, relays: relays.map(relayOf), ...(run.onRefused && { onRefused: run.onRefused }) })
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
    ...(invite !== undefined && run.founders !== undefined && { invite: Buffer.from(invite, 'base64url') }),
  }
}

function policyOf({ allow, invite }: PeerNetwork, { runId, founders }: NetworkOf): AccessPolicy {
  if (founders === undefined) return allow === undefined ? { kind: 'open' } : { kind: 'allow-list', peers: allow }
  if (allow !== undefined) {
    throw new HearsayError('NETWORK', "allow: this run is by invitation (the manifest's access.founders); leave the list out")
  }
  return { kind: 'invites', runId, founders, ...(invite === undefined ? {} : { token: invite }) }
}

/** Whom a relay's address names. What is no address, the host says when it is made. */
function relayOf(address: string): PeerId {
  const id = /\/p2p\/([^/]+)$/.exec(address)?.[1]
  try {
    return peerIdFromString(id ?? '')
  } catch {
    throw new HearsayError(
      'NETWORK',
      `relay: ${address} is no relay's address; write it like /ip4/203.0.113.7/tcp/4001/p2p/12D3Koo…`,
    )
  }
}

/** libp2p would not start, and say so with a stack. */
function checkAnnounced(address: string): string {
  try {
    const names = multiaddr(address)
      .getComponents()
      .map(({ name }) => name)
    if (names.length > 1 && !names.includes('p2p')) return address
  } catch {
    // Said below.
  }
  throw new HearsayError(
    'NETWORK',
    `announce: ${address} is no address of this machine or its router; write it like /ip4/203.0.113.7/tcp/4001, without /p2p/`,
  )
}
