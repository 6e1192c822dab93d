import type { PeerIdStr } from '../../gossip/index.js'

/** One exchange's waiting. */
export interface Waiting {
  /** How long the exchange may wait, in whole milliseconds: timers take no others. */
  readonly limitMs: number
  /** Is this neighbour waited for? The heads of others are taken if they are here when that wait is over. */
  expects(peer: PeerIdStr): boolean
  /**
   * Records that a neighbour's head came, did not come in time, or is known not to come. One that says that it has nothing
   * new (`still`) was in time, and has made up for no head that it owed: a liar would say so wherever nobody needs it.
   */
  ended(peer: PeerIdStr, how: 'came' | 'still' | 'late' | 'absent'): void
  /** Records that the exchange is over. */
  done(): void
}

/** How long a peer waits for its neighbours' heads. */
export interface Patience {
  begin(): Waiting
}

/**
 * Always the same wait.
 *
 * @param limitMs - `Infinity` in a simulation, whose numbers must not depend on how busy the machine is
 */
export function fixedPatience(limitMs: number): Patience {
  return { begin: () => ({ limitMs: Math.ceil(limitMs), expects: () => true, ended() {}, done() {} }) }
}

export interface AdaptivePatienceInit {
  /** Never longer than this. */
  readonly longestMs: number
  /**
   * Never shorter than this, since a network may fail for a moment.
   * @default 2000
   */
  readonly shortestMs?: number
}

/** Exchanges remembered: the slowest of them counts. */
const remembered = 5
/** Exchanges in a row that a neighbour may miss before it is waited for less often: a machine may be busy at times. */
const missesForgiven = 2
/** However many it missed, a neighbour is waited for again after so many exchanges. */
const rarest = 64
/** The same where nothing can be merged without it: every exchange that does not wait for it is lost. */
const rarestForAll = 8
/** Multiple of the measured wait: a neighbour on a machine that is busy for a while takes twice as long. */
const margin = 2

/** Which neighbours are silent, and when each is waited for again. */
interface Silence {
  /** Begins an exchange. @returns whether one is waited for again in it, should it be a neighbour */
  begin(number: number): boolean
  expects(peer: PeerIdStr, number: number): boolean
  /** @returns whether there was something to learn: nothing of who was not waited for and did not come */
  ended(peer: PeerIdStr, how: 'came' | 'still' | 'late' | 'absent', number: number): boolean
}

function createSilence(most: number): Silence {
  const missing = new Map<PeerIdStr, { readonly inARow: number; readonly until: number }>()
  return {
    begin(number) {
      // One that was no neighbour for so long may be gone for good.
      for (const [peer, { until }] of missing) if (number - until > rarest) missing.delete(peer)
      return [...missing.values()].some(({ until }) => until <= number)
    },
    expects: (peer, number) => (missing.get(peer)?.until ?? 0) <= number,
    ended(peer, how, number) {
      const { inARow = 0, until = 0 } = missing.get(peer) ?? {}
      if (how === 'came') missing.delete(peer)
      else if (until > number) return false
      else if (how === 'late') {
        const every = Math.min(most, 2 ** Math.max(0, inARow + 1 - missesForgiven))
        missing.set(peer, { inARow: inARow + 1, until: number + every })
      }
      return true
    },
  }
}

/**
 * Adapts to the faster half of the neighbours, and to this peer's own pace: waits for the time its own training took,
 * plus twice the time that half took in the slowest of the last few exchanges. So a neighbour that is twice as slow
 * still counts, and one ten times slower than the others costs them one deadline of their own pace, not of its own. In
 * the first exchange nothing is known yet and the longest wait applies.
 *
 * A neighbour that missed three exchanges in a row is waited for in every second, then in every fourth, eighth and so
 * on, until it is in time again. If silent neighbours were waited for in each round, all peers would be held up alike,
 * and one that had fallen behind once would never catch up with the others: with three silent members of twelve on a
 * full graph, on two cores, an honest peer's merges missed one of eight honest heads for a whole run, and it ended 1.3
 * points lower.
 */
export function adaptivePatience({ longestMs, shortestMs = 2_000 }: AdaptivePatienceInit): Patience {
  const seen: number[] = []
  const silence = createSilence(rarest)
  let exchanges = 0
  let lastDone = performance.now()
  return {
    begin() {
      const number = exchanges++
      silence.begin(number)
      const begun = performance.now()
      const expected = seen.length === 0 ? Number.POSITIVE_INFINITY : begun - lastDone + margin * Math.max(...seen)
      const waits: number[] = []
      return {
        limitMs: Math.ceil(Math.min(longestMs, Math.max(shortestMs, expected))),
        expects: peer => silence.expects(peer, number),
        ended(peer, how) {
          if (!silence.ended(peer, how, number)) return
          const isInTime = how === 'came' || how === 'still'
          waits.push(isInTime ? performance.now() - begun : Number.POSITIVE_INFINITY)
        },
        done() {
          lastDone = performance.now()
          const middle = waits.sort((a, b) => a - b)[Math.floor((waits.length - 1) / 2)]
          // Where even the faster half did not come, there is nothing to adapt to.
          if (middle === undefined || !Number.isFinite(middle)) return
          seen.push(middle)
          if (seen.length > remembered) seen.shift()
        },
      }
    },
  }
}

/**
 * For exchanges of which nothing can be merged unless all heads come, as with masks: follows the slowest neighbour. Where
 * one was late the longest wait applies again, and whenever it is waited for until it came: a limit that it cannot meet
 * would else make every later exchange void too. One that stays silent is soon far behind, and then no sender; one that
 * says it is not, and sends nothing, is waited for less and less often, as by {@link adaptivePatience}, or it would hold
 * up every exchange for the longest wait. Those without it are void at once, as they would be in the end.
 */
export function patienceForAll({ longestMs, shortestMs = 2_000 }: AdaptivePatienceInit): Patience {
  const seen: number[] = []
  const silence = createSilence(rarestForAll)
  let exchanges = 0
  let lastDone = performance.now()
  return {
    begin() {
      const number = exchanges++
      const isTried = silence.begin(number)
      const begun = performance.now()
      const expected =
        isTried || seen.length === 0 ? Number.POSITIVE_INFINITY : begun - lastDone + margin * Math.max(...seen)
      let slowest: number | undefined
      let isLate = false
      return {
        limitMs: Math.ceil(Math.min(longestMs, Math.max(shortestMs, expected))),
        expects: peer => silence.expects(peer, number),
        ended(peer, how) {
          if (!silence.ended(peer, how, number)) return
          if (how === 'came') slowest = performance.now() - begun
          isLate ||= how === 'late'
        },
        done() {
          lastDone = performance.now()
          if (isLate) seen.length = 0
          else if (slowest !== undefined) seen.push(slowest)
          if (seen.length > remembered) seen.shift()
        },
      }
    },
  }
}
