import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { equals } from 'uint8arrays/equals'
import { createDeadline, inTime } from '../../deadline.js'
import { HearsayError } from '../../errors.js'
import {
  createHost,
  type InviteRejection,
  requestWhenFree,
  type StateQuery,
  StateRefused,
  stateProtocol,
} from '../../gossip/index.js'
import { type Manifest, parseManifest } from '../manifest.js'
import { type RunView, readView } from '../membership/shares.js'
import { runIdOf } from '../run-id.js'
import type { Identity } from './identity.js'
import { hostNetwork, type PeerNetwork, refusedInvite } from './peer-network.js'

/** What one pastes to join: a peer of the run, and the run. */
export interface JoinAddress {
  readonly address: Multiaddr
  readonly peerId: PeerId
  /** Without it, the run that the peer reports is trusted. */
  readonly runId?: Uint8Array
}

/** An address with the id of the run there: /ip4/…/tcp/…/p2p/…#run. */
export function joinAddress(address: Multiaddr, runId: Uint8Array): string {
  return `${address}#${Buffer.from(runId).toString('hex')}`
}

/** @throws {@link HearsayError} `USAGE` */
export function parseJoinAddress(text: string): JoinAddress {
  const wrong = (what: string): HearsayError =>
    new HearsayError('USAGE', `${what}; copy the whole line that hearsay start prints`, { source: text.slice(0, 300) })
  const [where, run, ...more] = text.split('#')
  if (more.length > 0 || where === undefined || where.length > 1000) throw wrong('is no address to join')
  if (run !== undefined && !/^[0-9a-f]{64}$/.test(run)) throw wrong('the run after # must have 64 hexadecimal digits')
  let address: Multiaddr
  try {
    address = multiaddr(where)
  } catch {
    throw wrong('is no address to join')
  }
  // The last peer id: that of a relay may precede it.
  const id = address
    .getComponents()
    .filter(({ name }) => name === 'p2p')
    .at(-1)?.value
  if (id === undefined) throw wrong('lacks /p2p/… with the id of the peer to expect there')
  try {
    const peerId = peerIdFromString(id)
    return { address, peerId, ...(run === undefined ? {} : { runId: Uint8Array.from(Buffer.from(run, 'hex')) }) }
  } catch {
    throw wrong(`has no peer id after /p2p/`)
  }
}

/** How long after a refusal its reason may arrive, in milliseconds. */
const refusalMs = 5_000

/**
 * Requests the manifest of a peer's run.
 *
 * @throws {@link HearsayError} `NETWORK` if it does not answer, or with another run than the address states
 */
export async function askManifest(
  contact: JoinAddress,
  identity: Identity,
  network: PeerNetwork,
  signal: AbortSignal,
): Promise<Manifest> {
  const question = { what: 'MANIFEST', limitBytes: stateProtocol.limits.manifestBytes } as const
  const { address, runId } = contact
  const bytes = await ask(contact, { ...question, ...(runId && { runId }) }, identity, network, signal)
  const manifest = readManifest(bytes, address)
  if (runId !== undefined && !equals(runIdOf(manifest), runId)) {
    throw new HearsayError(
      'NETWORK',
      `its manifest is not that of the run ${Buffer.from(runId).toString('hex')}; do not trust this peer`,
      { source: address.toString() },
    )
  }
  return manifest
}

/**
 * Requests a peer's view of its run: the peers, and a free share of the partition, which is promised to this identity.
 *
 * @throws {@link HearsayError} `NETWORK` if it does not answer
 */
export async function askView(
  contact: JoinAddress,
  runId: Uint8Array,
  identity: Identity,
  network: PeerNetwork,
  signal: AbortSignal,
): Promise<RunView> {
  const question = { what: 'VIEW', runId, limitBytes: stateProtocol.limits.viewBytes } as const
  return readView(await ask(contact, question, identity, network, signal))
}

/** Sends a request from a temporary host: what a peer's own host needs is known only with the manifest. */
async function ask(
  { address, peerId }: JoinAddress,
  question: StateQuery,
  { privateKey, peerId: identityId }: Identity,
  network: PeerNetwork,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (peerId.equals(identityId)) {
    throw ownAddress(String(address), identityId)
  }
  if (network.allow?.some(peer => peer.equals(peerId)) === false) {
    throw new HearsayError('NETWORK', `${peerId} is not on the list, and you are about to join it; add it`, {
      field: 'allow',
    })
  }
  const refused = Promise.withResolvers<InviteRejection>()
  const { invite } = network
  const { networkKey, access } = hostNetwork(network, {
    runId: question.runId ?? new Uint8Array(32),
    // The founders are in the manifest; until then the peer that has it is to receive our invitation.
    founders: invite === undefined ? undefined : [peerId],
    contacts: [address],
    onRefused: (_, reason) => refused.resolve(reason),
  })
  const node = await createHost({
    privateKey,
    transport: 'tcp',
    listen: [],
    // This host dials, by whatever transport the address has, and is not dialled.
    field: { autoNat: false, holePunching: false },
    ...(networkKey && { networkKey }),
    ...(access && { access }),
  })
  const deadline = createDeadline(signal)
  let isThere = false
  node.addEventListener('connection:open', ({ detail }) => {
    isThere ||= detail.remotePeer.equals(peerId)
  })
  try {
    await node.start()
    // First of all a connection: its failure is reported differently from a failure of the request.
    deadline.within(stateProtocol.deadlines.dialMs, new Error('it cannot be reached'))
    await node.dial(address, { signal: deadline.signal })
    return (await requestWhenFree(node, peerId, question, signal, undefined, busy)).bytes
  } catch (error) {
    signal.throwIfAborted()
    // Our request fails as soon as the invitation is refused; the reason arrives just after.
    const isAwaited = isThere && invite !== undefined
    const reason = isAwaited ? await inTime(refused.promise, refusalMs, signal) : undefined
    signal.throwIfAborted()
    throw reason === undefined ? explained(error, address, isThere) : refusedInvite(reason, String(peerId))
  } finally {
    deadline.clear()
    await node.stop()
  }
}

/** How often a newcomer repeats its request: when a run is announced many come at once. */
const busy = { tries: 30, pauseMs: 1_000 } as const

function readManifest(bytes: Uint8Array, address: Multiaddr): Manifest {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new HearsayError('NETWORK', 'what it calls its manifest is none', {
      source: address.toString(),
      cause: error,
    })
  }
  return parseManifest(value, `the manifest of ${address}`)
}

function explained(error: unknown, address: Multiaddr, isThere: boolean): unknown {
  if (error instanceof HearsayError) return error
  const why =
    error instanceof StateRefused
      ? {
          WRONG_RUN: 'it is in another run than the address names; ask for the present line',
          NOT_ADMITTED: 'it does not admit this peer; ask a member for an invitation',
          TOO_BUSY: 'it is busy with other newcomers; try again',
        }[error.code as string]
      : undefined
  const instead = isThere
    ? 'it is there and does not answer; if its run has a list or is by invitation, give a member the id that hearsay id prints'
    : 'no peer of a Hearsay run answers there; is the peer running, and its port open to this machine?'
  return new HearsayError('NETWORK', why ?? instead, { source: address.toString(), cause: error })
}

/** The error of a peer that is given its own address, as when its folder is a copy of the other peer's. */
export function ownAddress(address: string, peerId: PeerId): HearsayError {
  return new HearsayError(
    'NETWORK',
    `leads to this very peer, ${peerId}; was its folder copied? Name another peer's address, or start with an identity of your own`,
    { source: address.toString() },
  )
}
