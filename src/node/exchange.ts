import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Handover } from '../gossip/index.js'
import type { Graph } from '../topology/index.js'
import type { Absence } from './events.js'

/** One participant as the others know it. Its place in the list of members is its number in every graph and sum. */
export interface Member {
  readonly name: string
  readonly peerId: PeerId
  readonly addresses: readonly Multiaddr[]
}

/** Where in a run an exchange stands: which round, and which of the round's gossip steps. */
export interface Position {
  readonly round: number
  readonly step: number
}

/** What one exchange brought. */
export interface Swap {
  readonly received: ReadonlyMap<number, Float32Array>
  readonly absent: readonly Absence[]
}

/** What a round needs of the network. */
export interface Exchange {
  /**
   * Hands `head` to every neighbour that this graph sends to and takes theirs. Ends when each neighbour's head is
   * here, its peer is gone, or the deadline has passed: whoever is missing costs its own share and no more.
   * `head` may be overwritten as soon as this returns.
   */
  swap(position: Position, head: Float32Array, graph: Graph, signal: AbortSignal): Promise<Swap>
}

export interface ExchangeInit {
  readonly self: number
  readonly members: readonly Member[]
  readonly node: Libp2p
  readonly handover: Handover
  /** Longest wait of one exchange for a neighbour that is connected and silent. */
  readonly exchangeMs: number
  /** Longest try to reach a neighbour whose connection is lost. */
  readonly dialMs: number
}

/** Exchanges heads over libp2p streams. */
export function createExchange(init: ExchangeInit): Exchange {
  const { self, members, handover } = init
  const member = (peer: number): Member => members[peer]!

  return {
    async swap(position, head, graph, signal) {
      const { round, step } = position
      handover.advance(round, step)
      const deadline = AbortSignal.timeout(init.exchangeMs)
      // Ends what is still waiting once every neighbour's fate is known.
      const settled = new AbortController()
      const ends = AbortSignal.any([signal, deadline, settled.signal])

      const payload = handover.encode(head)
      const sends = graph.sendsTo(self).map(peer => handover.send(member(peer).peerId, round, step, payload, ends))

      const received = new Map<number, Float32Array>()
      const absent: Absence[] = []
      const takes = graph.receivesFrom(self).map(async peer => {
        const { peerId } = member(peer)
        const over = new AbortController()
        const waits = AbortSignal.any([ends, over.signal])
        const gone = whenGone(init, peerId, waits)
          // What it had sent before it went has had its chance to arrive.
          .then(() => over.abort())
          .catch(() => {})
        try {
          received.set(peer, await handover.take(peerId.toString(), round, step, waits))
        } catch (error) {
          signal.throwIfAborted()
          if (!waits.aborted) throw error
          absent.push({ peer, reason: deadline.aborted ? 'late' : 'gone' })
        } finally {
          over.abort()
          await gone
        }
      })

      try {
        await Promise.all(takes)
        await Promise.allSettled(sends)
        signal.throwIfAborted()
      } finally {
        settled.abort()
        await Promise.allSettled([...takes, ...sends])
      }
      return { received, absent: absent.sort((a, b) => a.peer - b.peer) }
    },
  }
}

/** Resolves when `peerId` has no connection to us and cannot be dialled; rejects when `signal` aborts. */
async function whenGone(
  { node, dialMs }: Pick<ExchangeInit, 'node' | 'dialMs'>,
  peerId: PeerId,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await whenDisconnected(node, peerId, signal)
    try {
      await node.dial(peerId, { signal: AbortSignal.any([signal, AbortSignal.timeout(dialMs)]) })
    } catch {
      signal.throwIfAborted()
      return
    }
  }
}

async function whenDisconnected(node: Libp2p, peerId: PeerId, signal: AbortSignal): Promise<void> {
  const cleanup = new AbortController()
  try {
    await new Promise<void>((resolve, reject) => {
      const options = { signal: cleanup.signal }
      signal.addEventListener('abort', () => reject(signal.reason), options)
      node.addEventListener(
        'peer:disconnect',
        event => {
          if (event.detail.equals(peerId)) resolve()
        },
        options,
      )
      // After the listeners are on, so that nothing happens unseen in between.
      if (signal.aborted) reject(signal.reason)
      else if (node.getConnections(peerId).length === 0) resolve()
    })
  } finally {
    cleanup.abort()
  }
}
