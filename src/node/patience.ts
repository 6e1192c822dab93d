/** One exchange's waiting. */
export interface Waiting {
  /** How long it may take, in whole milliseconds: timers take no others. */
  readonly limitMs: number
  /** A neighbour's head has come, or it is known that none will. */
  ended(came: boolean): void
  /** The exchange is over. */
  done(): void
}

/** How long a peer waits for its neighbours' heads. */
export interface Patience {
  begin(): Waiting
}

/** Always the same: for a simulation, whose numbers must not depend on how busy the machine is. */
export function fixedPatience(limitMs: number): Patience {
  return { begin: () => ({ limitMs: Math.ceil(limitMs), ended() {}, done() {} }) }
}

export interface AdaptivePatienceInit {
  /** Never longer than this. */
  readonly longestMs: number
  /**
   * Never shorter than this: what a network that hiccups needs.
   * @default 2000
   */
  readonly shortestMs?: number
}

/** Exchanges remembered: the slowest of them counts. */
const remembered = 5
/** Times what was seen. A neighbour on a machine that is busy just now takes twice as long. */
const margin = 2

/**
 * Adapts to the faster half of the neighbours, and to this peer's own pace: waits as long as its own training took, and
 * twice as long as that half took in the slowest of the last few exchanges. So who is twice as slow still counts, and
 * a peer ten times slower than the others costs them one deadline of their own pace, not of its own. In the first
 * exchange nothing is known yet and the longest wait holds.
 */
export function adaptivePatience({ longestMs, shortestMs = 2_000 }: AdaptivePatienceInit): Patience {
  const seen: number[] = []
  let lastDone = performance.now()
  return {
    begin() {
      const begun = performance.now()
      const expected = seen.length === 0 ? Number.POSITIVE_INFINITY : begun - lastDone + margin * Math.max(...seen)
      const waits: number[] = []
      return {
        limitMs: Math.ceil(Math.min(longestMs, Math.max(shortestMs, expected))),
        ended(came) {
          waits.push(came ? performance.now() - begun : Number.POSITIVE_INFINITY)
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
