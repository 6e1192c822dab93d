import { setTimeout } from 'node:timers/promises'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createDeadline } from '../../deadline.js'
import { type HearsayHost, type PeerIdStr, type Presence, presenceProtocol } from '../../gossip/index.js'

export interface ReconnectionInit {
  readonly node: HearsayHost
  readonly presence: Pick<Presence, 'heard' | 'live'>
  /** Where others were once, each with its peer id. */
  readonly remembered: readonly Multiaddr[]
  readonly dialMs: number
  /** From one look to the next, in milliseconds; a third more or less. @default the time after which one is missed */
  readonly everyMs?: number
}

/** Dials at once, so that a crowd that is gone costs no crowd of sockets: while others are there, */
const triesAtOnce = 3
/** and while nobody is: one that answers is enough, and any of them may be the one that is back. */
const triesAlone = 32

/** First pause of a peer that is alone; each further one is twice as long, up to `everyMs`. */
const alonePauseMs = 500

/**
 * Looks for those who fell silent without a goodbye and for those who were known before, until the signal ends it. When a
 * network was cut in two and is whole again, or all came back and found each other in pairs, each part knows nothing of
 * the other, and nobody else would bring them together; one connection is enough, since presence then tells each of the
 * other. The first look is at once.
 *
 * @throws when the signal aborts
 */
export async function reconnectLost(init: ReconnectionInit, signal: AbortSignal): Promise<never> {
  const { node, presence, dialMs } = init
  const { everyMs = presenceProtocol.missedBeats * presenceProtocol.beatMs } = init
  let pauseMs = alonePauseMs
  for (;;) {
    const isAlone = presence.live().length === 0
    const chosen = shuffled(whereabouts(init)).slice(0, isAlone ? triesAlone : triesAtOnce)
    await Promise.all(
      chosen.map(async to => {
        const deadline = createDeadline(signal)
        deadline.within(dialMs, new Error('Not there'))
        // One that is not there yet may be there next time.
        await node.dial(to, { signal: deadline.signal }).catch(() => signal.throwIfAborted())
        deadline.clear()
      }),
    )
    pauseMs = isAlone ? Math.min(2 * pauseMs, everyMs) : alonePauseMs
    // Not all peers of a half at the same time.
    await setTimeout((isAlone ? pauseMs / 2 : everyMs) * (2 / 3 + (2 / 3) * Math.random()), undefined, { signal })
  }
}

/** What to dial of each that is not here, and may be: all addresses of one at once. */
function whereabouts({ node, presence, remembered }: ReconnectionInit): Parameters<HearsayHost['dial']>[0][] {
  const heard = presence.heard()
  const live = new Set(presence.live())
  const isWanted = (peer: PeerIdStr): boolean =>
    peer !== node.peerId.toString() &&
    !live.has(peer) &&
    heard.get(peer)?.leaving !== true &&
    node.getConnections(peerIdFromString(peer)).length === 0
  const addresses = new Map<PeerIdStr, Multiaddr[]>()
  for (const address of remembered) {
    const peer = peerOf(address)
    if (peer !== undefined) addresses.set(peer, [...(addresses.get(peer) ?? []), address])
  }
  // A peer that was heard has reported where it is now, which the peer store knows.
  const lost = [...heard.keys()].filter(isWanted).map(peer => peerIdFromString(peer))
  const known = [...addresses].filter(([peer]) => !heard.has(peer) && isWanted(peer)).map(([, all]) => all)
  return [...lost, ...known]
}

/** The last one: before it may stand the relay's. */
function peerOf(address: Multiaddr): PeerIdStr | undefined {
  return address
    .getComponents()
    .filter(({ name }) => name === 'p2p')
    .at(-1)?.value
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map(value => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
