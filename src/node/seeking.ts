import { setTimeout } from 'node:timers/promises'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createDeadline, type HearsayHost, type Presence, presenceProtocol } from '../gossip/index.js'

export interface SeekingInit {
  readonly node: HearsayHost
  readonly presence: Pick<Presence, 'heard' | 'live'>
  /** Tried while nobody at all is there. */
  readonly remembered: readonly Multiaddr[]
  readonly dialMs: number
  /** From one look to the next, in milliseconds; a third more or less. @default the time after which one is missed */
  readonly everyMs?: number
}

/** Dials at once, so that a crowd that is gone costs no crowd of sockets. */
const triesAtOnce = 3

/**
 * Looks for those who fell silent without a goodbye, until the signal ends it. When a network was cut in two and is
 * whole again, each half has forgotten the other, and nobody else would bring them together; one connection is enough,
 * since presence then tells each half of the other.
 *
 * @throws when the signal aborts
 */
export async function seekLost(init: SeekingInit, signal: AbortSignal): Promise<never> {
  const { node, dialMs } = init
  const { everyMs = presenceProtocol.missedBeats * presenceProtocol.beatMs } = init
  for (;;) {
    // Not all peers of a half at the same time.
    await setTimeout(everyMs * (2 / 3 + (2 / 3) * Math.random()), undefined, { signal })
    const chosen = shuffled(whereabouts(init)).slice(0, triesAtOnce)
    await Promise.all(
      chosen.map(async to => {
        const deadline = createDeadline(signal)
        deadline.within(dialMs, new Error('Not there'))
        // Who is not there yet may be there next time.
        await node.dial(to, { signal: deadline.signal }).catch(() => signal.throwIfAborted())
        deadline.clear()
      }),
    )
  }
}

function whereabouts({ node, presence, remembered }: SeekingInit): (PeerId | Multiaddr)[] {
  const live = new Set(presence.live())
  const lost = [...presence.heard()]
    .filter(([peer, { leaving }]) => !leaving && !live.has(peer))
    .map(([peer]) => peerIdFromString(peer))
    .filter(peer => node.getConnections(peer).length === 0)
  return live.size === 0 ? [...lost, ...remembered] : lost
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map(value => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
