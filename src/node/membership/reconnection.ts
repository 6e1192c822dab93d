import { setTimeout } from 'node:timers/promises'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createDeadline } from '../../deadline.js'
import { type HearsayHost, type PeerIdStr, type Presence, presenceProtocol } from '../../gossip/index.js'

export interface ReconnectionInit {
  readonly node: HearsayHost
  readonly presence: Pick<Presence, 'heard' | 'live'>
  /** Former addresses of others, each with its peer id. */
  readonly remembered: readonly Multiaddr[]
  readonly dialMs: number
  /** From one search to the next, in milliseconds, ± a third. @default the time after which a silent peer expires */
  readonly everyMs?: number
}

/** Concurrent dials while other peers are live: few, so that many lost peers do not cost as many sockets. */
const triesAtOnce = 3
/** Concurrent dials while none is: one that answers is enough, and any of them may be the one that is back. */
const triesAlone = 32

/** First pause of a peer that is alone; each further one is twice as long, up to `everyMs`. */
const alonePauseMs = 500

/**
 * Dials the peers that fell silent without leaving and those that were known before, until the signal aborts. When a
 * network was partitioned and is whole again, or all peers came back and found each other in pairs, each part knows
 * nothing of the other, and nothing else would join them; one connection is enough, since presence records then reach
 * both. The first search is immediate.
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
        // A peer that is not back yet may be back next time.
        await node.dial(to, { signal: deadline.signal }).catch(() => signal.throwIfAborted())
        deadline.clear()
      }),
    )
    pauseMs = isAlone ? Math.min(2 * pauseMs, everyMs) : alonePauseMs
    // Random, so that not all peers of a part dial at the same time.
    await setTimeout((isAlone ? pauseMs / 2 : everyMs) * (2 / 3 + (2 / 3) * Math.random()), undefined, { signal })
  }
}

/** What to dial for each peer that is missing and may be back: all addresses of one together. */
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
  // A peer that was heard has reported its present addresses, which the peer store contains.
  const lost = [...heard.keys()].filter(isWanted).map(peer => peerIdFromString(peer))
  const known = [...addresses].filter(([peer]) => !heard.has(peer) && isWanted(peer)).map(([, all]) => all)
  return [...lost, ...known]
}

/** The last peer id: that of a relay may precede it. */
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
