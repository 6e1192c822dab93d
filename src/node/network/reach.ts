import { setMaxListeners } from 'node:events'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createDeadline } from '../../deadline.js'
import { HearsayError } from '../../errors.js'
import type { AssembledPeer } from '../assembled-peer.js'
import { ownAddress } from './contact.js'

/**
 * Connects to the peers through which the others are found. One that answers is enough: it knows the others.
 *
 * @throws {@link HearsayError} `NETWORK` if none answers, or all addresses are the peer's own; the signal's reason
 */
export async function reach(parts: AssembledPeer, contacts: readonly Multiaddr[], signal: AbortSignal): Promise<void> {
  if (contacts.length === 0) return
  const own = parts.identity.peerId.toString()
  if (contacts.every(contact => contact.getComponents().at(-1)?.value === own)) {
    throw ownAddress(contacts.join(', '), parts.identity.peerId)
  }
  let reason: unknown
  try {
    return await anyOf(parts, contacts, signal)
  } catch (error) {
    signal.throwIfAborted()
    reason = error instanceof AggregateError ? error.errors[0] : error
  }
  if (reason instanceof HearsayError) throw reason
  throw new HearsayError('NETWORK', 'no peer answers; is the peer running, and its port open to this machine?', {
    source: contacts.join(', '),
    cause: reason,
  })
}

/** Resolves when one of them answers; the other dials continue in the background. */
async function anyOf(parts: AssembledPeer, addresses: readonly Multiaddr[], signal: AbortSignal): Promise<void> {
  const each = createDeadline(signal)
  // One listener for each address is no leak, though Node warns of one from 11 on.
  setMaxListeners(0, each.signal)
  const answers = addresses.map(address => parts.connect([address], each.signal))
  void Promise.allSettled(answers).then(each.clear)
  await Promise.any(answers)
}
