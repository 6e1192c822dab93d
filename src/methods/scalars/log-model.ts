import { copyInSlices } from '../../turns.js'
import type { LogRoad, Snapshot } from '../roads.js'
import { type ReplayInit, replay } from './replay.js'

export interface LogModelInit extends Pick<ReplayInit, 'seed' | 'limit'> {
  readonly road: Pick<LogRoad, 'snapshot' | 'beginWith' | 'measured' | 'takeChanged'>
  readonly learningRate: (round: number) => number
}

/** The model that a snapshot and a log come to. */
export interface LogModel {
  /**
   * Brings the head to where it is before a round. What is known already is not computed again; where something older has
   * become known, all is, from the snapshot on.
   *
   * @param head - nobody else writes to it
   * @throws the signal's reason
   */
  bring(head: Float32Array, round: number, signal: AbortSignal): Promise<void>
  /** Moves the snapshot on to a later round. Where it is there already, nothing happens. @throws the signal's reason */
  beginWith(round: number, signal: AbortSignal): Promise<void>
}

export function createLogModel({ road, seed, limit, learningRate }: LogModelInit): LogModel {
  /** What `bring` has brought the head to, and from which snapshot. */
  let at = Number.POSITIVE_INFINITY
  let from: Snapshot | undefined
  /** The first round of which more is known than is in that. */
  let news = Number.POSITIVE_INFINITY
  const look = (): number => (news = Math.min(news, road.takeChanged()))

  async function replayed(head: Float32Array, first: number, end: number, signal: AbortSignal): Promise<void> {
    for (let round = first; round < end; round++) {
      signal.throwIfAborted()
      await replay(head, round, road.measured(round), { seed, limit, learningRate: learningRate(round) })
    }
  }

  return {
    async bring(head, round, signal) {
      // Again where more became known meanwhile: the head is then that of all that is known.
      do {
        const { snapshot } = road
        const isBehind = look() < at
        if (isBehind || from !== snapshot || at > round) {
          await copyInSlices(head, snapshot.head)
          from = snapshot
          at = snapshot.round
        }
        news = Number.POSITIVE_INFINITY
        const first = at
        at = Math.max(at, round)
        await replayed(head, first, round, signal)
      } while (look() < at || from !== road.snapshot)
    },
    async beginWith(round, signal) {
      for (;;) {
        const { snapshot } = road
        if (round <= snapshot.round) return
        look()
        const known = news
        news = Number.POSITIVE_INFINITY
        const head = snapshot.head.slice()
        await replayed(head, snapshot.round, round, signal)
        const isStale = look() < round || snapshot !== road.snapshot
        news = Math.min(known, news)
        if (isStale) continue
        const moved = { round, head }
        // It comes to the same model: the head need not be computed again.
        if (from === snapshot) from = moved
        return road.beginWith(moved)
      }
    },
  }
}
