import { createDeadline } from '../../deadline.js'
import { type HeardReport, type Presence, presenceProtocol } from '../../gossip/index.js'
import type { Happening, NamedPeer } from '../events.js'
import { isUnderWay } from './pace.js'

export interface QuorumInit {
  /** This peer. */
  readonly self: NamedPeer
  readonly presence: Presence
  /** Number of the run's rounds, which a peer that waits reports as its first round. */
  readonly rounds: number
  /** How many peers must be live, this one among them. */
  readonly minPeers: number
  /**
   * Where `minPeers` is 1, how long the peer still looks for another, in milliseconds: one that joins a run under way
   * must not begin with its first round. 0 where there is no peer to look for.
   */
  readonly lookMs: number
}

/**
 * Waits until as many peers are live as the run needs, or one that is already in its rounds: it has waited for the
 * others. When all peers of a run were killed and come back, they wait for each other as at the start.
 *
 * @throws the signal's reason
 */
export async function* waitForQuorum(
  init: QuorumInit,
  signal: AbortSignal,
): AsyncGenerator<Happening, void, undefined> {
  const { self, presence, rounds, minPeers, lookMs } = init
  const wanted = minPeers === 1 && lookMs > 0 ? 2 : minPeers
  const deadline = createDeadline(signal)
  if (wanted > minPeers) deadline.within(lookMs, new Error('Nobody came'))
  const reports = (): HeardReport[] => presence.live().map(peer => presence.heard().get(peer)!)
  const isEnough = (): boolean => {
    const live = reports()
    return live.length + 1 >= wanted || live.some(report => isUnderWay(report, rounds))
  }
  let told = -1
  let pauseMs: number = presenceProtocol.repeatMs
  try {
    for (;;) {
      const live = reports()
      if (live.length !== told) {
        told = live.length
        const others = presence.live().map(peer => ({ peer, name: presence.heard().get(peer)!.name }))
        yield { type: 'waiting', live: [self, ...others], wanted }
      }
      if (isEnough() || deadline.signal.aborted) break
      await presence.speak({ asks: true }).catch(() => {})
      // A request that is published before gossipsub has found the others reaches no peer, so it is repeated.
      const pause = createDeadline(deadline.signal)
      pause.within(pauseMs, new Error('Requested again'))
      pauseMs = Math.min(2 * pauseMs, presenceProtocol.repeatsApart * presenceProtocol.repeatMs)
      try {
        await presence.until(() => presence.live().length !== told || isEnough(), pause.signal)
      } catch (error) {
        signal.throwIfAborted()
        if (!pause.signal.aborted) throw error
      } finally {
        pause.clear()
      }
    }
    signal.throwIfAborted()
    await presence.speak({ asks: true }).catch(() => {})
    yield { type: 'joined', heard: told, missing: [] }
  } finally {
    deadline.clear()
  }
}
