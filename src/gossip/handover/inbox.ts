import type { PeerIdStr } from '../peer-id.js'
import { isBefore, type StepPosition } from '../position.js'
import { Rejection } from '../rejection.js'
import { handoverProtocol } from './protocol.js'

/** The right to bring one head. Its holder either delivers or releases it. */
export interface Claim {
  /** @throws {@link Rejection} STALE_ROUND once this head is no longer awaited */
  proceed(): void
  /** Puts the head into the inbox, or resolves the `take` that waits for it. */
  deliver(values: Float32Array): void
  /** What came cannot be used: each `take` of it, now or later, rejects. */
  refuse(reason: Rejection): void
  /** Gives the place back, so that the sender may try again. Nothing after `deliver`. */
  release(): void
}

/** Heads that are here, and the places of those that are arriving: one for each (sender, round, step). */
export interface Inbox {
  /** @throws {@link Rejection} STALE_ROUND when we are past this position */
  checkPosition(round: number, step: number): void
  /** @throws {@link Rejection} DUPLICATE when this head is here, was here or is arriving; TOO_MANY_ATTEMPTS */
  claim(sender: PeerIdStr, round: number, step: number): Claim
  /**
   * Notes that this sender has nothing new in place of a head of this position. One may still come, in answer to ours.
   *
   * @throws {@link Rejection} STALE_ROUND; DUPLICATE when that is noted, or the head here, taken or arriving
   */
  still(sender: PeerIdStr, round: number, step: number): void
  /**
   * Waits for a head. Each is given out once. @throws the signal's reason; the {@link Rejection} of one that was
   * refused
   */
  take(sender: PeerIdStr, round: number, step: number, signal: AbortSignal): Promise<Float32Array>
  /** The same; resolves with nothing where the sender has nothing new. */
  takeNew(sender: PeerIdStr, round: number, step: number, signal: AbortSignal): Promise<Float32Array | undefined>
  /** The heads of this sender that are here and of an earlier position, in order. Each is given out once. */
  earlier(sender: PeerIdStr, round: number, step: number): DatedHead[]
  /** Forgets all before this position, and never goes back. */
  advance(round: number, step: number): void
}

/** A head and the round it was trained in. */
export interface DatedHead {
  readonly round: number
  readonly values: Float32Array
}

interface Place {
  readonly round: number
  readonly step: number
  attempts: number
  state: 'free' | 'arriving' | 'here' | 'taken'
  isStill: boolean
  values: Float32Array | undefined
  refused: Rejection | undefined
}

interface Waiter {
  give(values: Float32Array): void
  refuse(reason: Rejection): void
  /** There is nothing new. Left out of one that waits for a head all the same. */
  readonly still?: () => void
}

type Waiting = Map<string, Waiter[]>

export function createInbox(): Inbox {
  const places = new Map<string, Place>()
  const waiting: Waiting = new Map()
  let now: StepPosition = { round: 0, step: 0 }

  const keyOf = (sender: PeerIdStr, round: number, step: number): string => `${sender}/${round}/${step}`
  const checkPosition = (round: number, step: number): void => {
    if (isBefore({ round, step }, now)) throw new Rejection('STALE_ROUND')
  }

  function placeOf(key: string, { round, step }: StepPosition): Place {
    const nothing = { attempts: 0, state: 'free', isStill: false, values: undefined, refused: undefined } as const
    return places.get(key) ?? { round, step, ...nothing }
  }

  /** What is here already: the head, or the reason why what came was refused. */
  function here(key: string): Float32Array | undefined {
    const place = places.get(key)
    if (place?.state === 'here') {
      const values = place.values!
      place.state = 'taken'
      place.values = undefined
      return values
    }
    if (place?.refused !== undefined) throw place.refused
    return undefined
  }

  return {
    checkPosition,

    still(sender, round, step) {
      checkPosition(round, step)
      const key = keyOf(sender, round, step)
      const place = placeOf(key, { round, step })
      if (place.isStill || place.state !== 'free') throw new Rejection('DUPLICATE')
      place.isStill = true
      places.set(key, place)
      for (const waiter of [...(waiting.get(key) ?? [])]) waiter.still?.()
    },

    claim(sender, round, step) {
      checkPosition(round, step)
      const key = keyOf(sender, round, step)
      const place = placeOf(key, { round, step })
      if (place.state !== 'free') throw new Rejection('DUPLICATE')
      if (place.attempts >= handoverProtocol.limits.attemptsPerHead) throw new Rejection('TOO_MANY_ATTEMPTS')
      place.state = 'arriving'
      place.attempts += 1
      places.set(key, place)
      return {
        proceed: () => checkPosition(round, step),
        deliver(values) {
          checkPosition(round, step)
          const next = waiting.get(key)?.[0]
          place.state = next === undefined ? 'here' : 'taken'
          if (next === undefined) place.values = values
          else next.give(values)
        },
        refuse(reason) {
          place.refused = reason
          for (const waiter of [...(waiting.get(key) ?? [])]) waiter.refuse(reason)
        },
        release() {
          if (place.state === 'arriving') place.state = 'free'
        },
      }
    },

    async take(sender, round, step, signal) {
      signal.throwIfAborted()
      const key = keyOf(sender, round, step)
      return here(key) ?? inQueue(waiting, key, signal, (give, refuse) => ({ give, refuse }))
    },

    async takeNew(sender, round, step, signal) {
      signal.throwIfAborted()
      const key = keyOf(sender, round, step)
      const values = here(key)
      if (values !== undefined || places.get(key)?.isStill === true) return values
      return inQueue(waiting, key, signal, (give, refuse) => ({ give, refuse, still: () => give(undefined) }))
    },

    earlier: (sender, round, step) => takenBefore({ round, step }, fromSender(places, sender)),

    advance(round, step) {
      if (isBefore({ round, step }, now)) return
      now = { round, step }
      for (const [key, place] of places) {
        if (isBefore(place, now)) places.delete(key)
      }
    },
  }
}

function fromSender(places: ReadonlyMap<string, Place>, sender: PeerIdStr): Place[] {
  return [...places].flatMap(([key, place]) => (key.startsWith(`${sender}/`) ? [place] : []))
}

/** Takes what is here of earlier positions. */
function takenBefore(position: StepPosition, places: readonly Place[]): DatedHead[] {
  const here = places.filter(place => place.state === 'here' && isBefore(place, position))
  return here
    .sort((a, b) => (isBefore(a, b) ? -1 : 1))
    .map(place => {
      const values = place.values!
      place.state = 'taken'
      place.values = undefined
      return { round: place.round, values }
    })
}

/** Waits in turn until the waiter is given something, or the signal aborts. */
function inQueue<T>(
  waiting: Waiting,
  key: string,
  signal: AbortSignal,
  waiterOf: (give: (value: T) => void, refuse: (reason: unknown) => void) => Waiter,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const queue = waiting.get(key) ?? []
    waiting.set(key, queue)
    // Out of the queue at once, not when the promise's turn comes: a head that arrives in between would be lost.
    const leave = (): void => {
      signal.removeEventListener('abort', onAbort)
      queue.splice(queue.indexOf(waiter), 1)
      if (queue.length === 0) waiting.delete(key)
    }
    const give = (value: T): void => {
      leave()
      resolve(value)
    }
    const refuse = (reason: unknown): void => {
      leave()
      reject(reason)
    }
    const onAbort = (): void => refuse(signal.reason)
    const waiter = waiterOf(give, refuse)
    queue.push(waiter)
    signal.addEventListener('abort', onAbort)
  })
}
