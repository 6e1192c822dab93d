import { setTimeout } from 'node:timers/promises'
import type { PeerId } from '@libp2p/interface'
import { createDeadline } from '../../deadline.js'
import { createWaiters } from '../../until.js'
import type { HearsayHost } from '../host/hearsay-host.js'
import type { PeerIdStr } from '../peer-id.js'
import { requestState, StateRefused } from '../state/client.js'
import type { Timing } from '../timing.js'
import { publicationProtocol } from './protocol.js'

export interface PullsInit {
  readonly node: HearsayHost
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** Length of every payload of the run. */
  readonly payloadBytes: number
  readonly timing: Pick<Timing, 'pullMs' | 'state'>
  /** Called when a peer gave another payload than was requested. */
  readonly onLiar: (peer: PeerIdStr) => void
}

/** A payload that was announced. */
export interface Announced {
  readonly author: PeerId
  /** SHA-256 of the payload. */
  readonly digest: Uint8Array
  /** The peer that passed the announcement on; gets the first request. */
  readonly from: PeerId
}

/** Fetches payloads by digest. */
export interface Pulls {
  /**
   * Requests it from the peers that may have it: the one that passed the announcement on, the author, other connected
   * peers; repeatedly, since the announcement is faster than the payload.
   *
   * @param superseded - ends when there is a newer one: what is on its way is still accepted, but no request is made
   *   any more
   * @returns the payload, with that digest, or `undefined` when it is too late for it
   * @throws the signal's reason
   */
  pull(announced: Announced, signal: AbortSignal, superseded: AbortSignal): Promise<Uint8Array | undefined>
}

const { limits, retryMs, retriesApart } = publicationProtocol

/** A few at once, in the order in which they came; one that waits for its peers lets others have their turn. */
export function createPulls({ node, runId, payloadBytes, onLiar, timing }: PullsInit): Pulls {
  const turns = createTurns(limits.pulls)
  /** A peer answers one of our requests at a time. */
  const asked = new Set<PeerIdStr>()

  function sourcesOf({ author, from }: Announced, failures: ReadonlyMap<PeerIdStr, number>): PeerId[] {
    const connected = new Map(node.getPeers().map(peer => [peer.toString(), peer]))
    const first = [from.toString(), author.toString()].filter(peer => connected.has(peer))
    const others = [...connected.keys()].filter(peer => !first.includes(peer))
    // So that not all peers send their requests to the same ones.
    others.sort(() => Math.random() - 0.5)
    return [...new Set([...first, ...others])]
      .filter(peer => (failures.get(peer) ?? 0) < limits.triesPerSource && !asked.has(peer))
      .slice(0, limits.sources)
      .map(peer => connected.get(peer)!)
  }

  async function askRound(
    announced: Announced,
    failures: Map<PeerIdStr, number>,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const { digest } = announced
    for (const peer of sourcesOf(announced, failures)) {
      const name = peer.toString()
      if (asked.has(name)) continue
      asked.add(name)
      try {
        const question = { what: 'PAYLOAD', runId, digest, limitBytes: payloadBytes } as const
        return (await requestState(node, peer, question, signal, timing.state)).bytes
      } catch (error) {
        signal.throwIfAborted()
        const code = error instanceof StateRefused ? error.code : undefined
        if (code === 'WRONG_DIGEST') {
          onLiar(name)
          failures.set(name, limits.triesPerSource)
        } else if (code !== 'NOTHING_YET' && code !== 'TOO_BUSY') {
          failures.set(name, (failures.get(name) ?? 0) + 1)
        }
      } finally {
        asked.delete(name)
      }
    }
    return undefined
  }

  return {
    async pull(announced, signal, superseded) {
      const asking = createDeadline(signal)
      const waiting = createDeadline(signal, superseded)
      const late = new Error('No peer gave the payload in time')
      for (const deadline of [asking, waiting]) deadline.within(timing.pullMs, late)
      const failures = new Map<PeerIdStr, number>()
      try {
        for (let waits = 1; ; waits = Math.min(2 * waits, retriesApart)) {
          await turns.take(waiting.signal)
          try {
            const payload = await askRound(announced, failures, asking.signal)
            if (payload !== undefined) return payload
          } finally {
            turns.give()
          }
          // So that not all requests come at once again.
          await setTimeout(waits * retryMs * (0.5 + Math.random()), undefined, { signal: waiting.signal })
        }
      } catch (error) {
        signal.throwIfAborted()
        if (waiting.signal.aborted || asking.signal.aborted) return undefined
        throw error
      } finally {
        asking.clear()
        waiting.clear()
      }
    },
  }
}

/** So many at once, first come, first served. */
function createTurns(places: number): { take(signal: AbortSignal): Promise<void>; give(): void } {
  const waiters = createWaiters()
  let free = places
  return {
    async take(signal) {
      await waiters.until(() => free > 0 && free--, signal)
    },
    give() {
      free += 1
      waiters.look()
    },
  }
}
