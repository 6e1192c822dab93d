import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { HearsayError } from '../errors.js'
import { askState, createHost, type StateQuestion, StateRefused, stateProtocol } from '../gossip/index.js'
import type { InTheField } from './assembly.js'
import type { Identity } from './identity.js'
import { type Manifest, parseManifest, runIdOf } from './manifest.js'
import { type RunView, readView } from './shares.js'

/** What one pastes to join: a peer of the run, and the run. */
export interface JoinAddress {
  readonly address: Multiaddr
  readonly peerId: PeerId
  /** Without it the peer is asked which run it is in, and trusted. */
  readonly runId?: Uint8Array
}

/** An address with the run that is to be found there: /ip4/…/tcp/…/p2p/…#run. */
export function joinAddress(address: Multiaddr, runId: Uint8Array): string {
  return `${address}#${Buffer.from(runId).toString('hex')}`
}

/** @throws {@link HearsayError} `USAGE` */
export function parseJoinAddress(text: string): JoinAddress {
  const wrong = (what: string): HearsayError =>
    new HearsayError('USAGE', `${text.slice(0, 300)}: ${what}; copy the whole line that hearsay start prints`)
  const [where, run, ...more] = text.split('#')
  if (more.length > 0 || where === undefined || where.length > 1000) throw wrong('is no address to join')
  if (run !== undefined && !/^[0-9a-f]{64}$/.test(run)) throw wrong('the run after # must have 64 hexadecimal digits')
  let address: Multiaddr
  try {
    address = multiaddr(where)
  } catch {
    throw wrong('is no address to join')
  }
  // The last one: before it may stand the relay's.
  const id = address
    .getComponents()
    .filter(({ name }) => name === 'p2p')
    .at(-1)?.value
  if (id === undefined) throw wrong('lacks /p2p/… and with it whom to expect there')
  try {
    const peerId = peerIdFromString(id)
    return { address, peerId, ...(run === undefined ? {} : { runId: Uint8Array.from(Buffer.from(run, 'hex')) }) }
  } catch {
    throw wrong(`has no peer id after /p2p/`)
  }
}

type Network = Pick<InTheField, 'networkKey' | 'access' | 'field'>

/**
 * Asks a peer for its run's manifest.
 *
 * @throws {@link HearsayError} `NETWORK` when it does not answer, or with another run than the address says
 */
export async function askManifest(
  { address, runId }: JoinAddress,
  identity: Identity,
  network: Network,
  signal: AbortSignal,
): Promise<Manifest> {
  const question = { what: 'MANIFEST', limitBytes: stateProtocol.limits.manifestBytes } as const
  const bytes = await ask(address, { ...question, ...(runId && { runId }) }, identity, network, signal)
  const manifest = readManifest(bytes, address)
  if (runId !== undefined && Buffer.compare(runIdOf(manifest), runId) !== 0) {
    throw new HearsayError(
      'NETWORK',
      `${address}: its manifest is not that of the run ${Buffer.from(runId).toString('hex')}; do not trust this peer`,
    )
  }
  return manifest
}

/**
 * Asks a peer who takes part, and for a share of the partition that nobody has. The share is promised to this identity.
 *
 * @throws {@link HearsayError} `NETWORK` when it does not answer
 */
export async function askView(
  address: Multiaddr,
  runId: Uint8Array,
  identity: Identity,
  network: Network,
  signal: AbortSignal,
): Promise<RunView> {
  const question = { what: 'VIEW', runId, limitBytes: stateProtocol.limits.viewBytes } as const
  return readView(await ask(address, question, identity, network, signal))
}

/** By a host of its own, that is closed afterwards: only who knows the manifest knows what a peer's host needs. */
async function ask(
  address: Multiaddr,
  question: StateQuestion,
  { privateKey }: Identity,
  network: Network,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const node = await createHost({ privateKey, transport: 'tcp', listen: [], ...network })
  try {
    await node.start()
    return (await askState(node, address, question, signal)).bytes
  } catch (error) {
    signal.throwIfAborted()
    throw explained(error, address)
  } finally {
    await node.stop()
  }
}

function readManifest(bytes: Uint8Array, address: Multiaddr): Manifest {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new HearsayError('NETWORK', `${address}: what it calls its manifest is none`, { cause: error })
  }
  return parseManifest(value, `the manifest of ${address}`)
}

function explained(error: unknown, address: Multiaddr): unknown {
  if (error instanceof HearsayError) return error
  const why =
    error instanceof StateRefused
      ? {
          WRONG_RUN: 'it is in another run than the address says; ask for the present line',
          NOT_ADMITTED: 'it does not admit this peer; ask a member for an invitation',
          TOO_BUSY: 'it is busy with other newcomers; try again',
        }[error.code as string]
      : undefined
  return new HearsayError(
    'NETWORK',
    `${address}: ${why ?? 'nobody of a Hearsay run answers there; is the peer running, and its port open to this machine?'}`,
    { cause: error },
  )
}
