/** A signal of our own that ends with others or at a time, and leaves nothing behind when it is cleared. */
export interface Deadline {
  readonly signal: AbortSignal
  /**
   * (Re)starts the clock: the signal aborts with `reason` in `ms` milliseconds, unless restarted or cleared. With
   * `Infinity` it never does.
   */
  within(ms: number, reason: Error): void
  /** Aborts now. */
  abort(reason: unknown): void
  /** Stops the clock and lets go of the other signals. */
  clear(): void
}

/**
 * Joins signals with a deadline. Not `AbortSignal.any` and `AbortSignal.timeout`: each exchange would add a dependent
 * signal to the run's, which lives for days, and the timer of a finished phase could not be stopped. And in Node 20 the
 * abort may never come: `any` holds the signals that it joins weakly, so that a time-out without another reference is
 * collected before it fires (a test in deadline.test.ts shows it).
 */
export function createDeadline(...signals: readonly (AbortSignal | undefined)[]): Deadline {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const leave = signals.flatMap(signal => {
    if (signal === undefined) return []
    if (!signal.aborted) return [follow(signal, () => controller.abort(signal.reason))]
    controller.abort(signal.reason)
    return []
  })
  return {
    signal: controller.signal,
    within(ms, reason) {
      clearTimeout(timer)
      // Node replaces a delay of more than 24 days by one millisecond.
      timer = ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => controller.abort(reason), ms)
    },
    abort: reason => controller.abort(reason),
    clear() {
      clearTimeout(timer)
      for (const end of leave) end()
    },
  }
}

/**
 * Waits for a promise for a limited time, and leaves no timer behind when it settles before.
 *
 * @returns what it resolves with; undefined where that takes longer, or the signal aborts first
 * @throws what the promise rejects with in that time
 */
export async function inTime<T>(waited: Promise<T>, ms: number, signal?: AbortSignal): Promise<T | undefined> {
  const deadline = createDeadline(signal)
  const late = new Promise<undefined>(resolve => {
    deadline.signal.addEventListener('abort', () => resolve(undefined), { once: true })
    if (deadline.signal.aborted) resolve(undefined)
  })
  deadline.within(ms, new Error('The wait is over'))
  try {
    return await Promise.race([waited, late])
  } finally {
    deadline.clear()
  }
}

interface Followers {
  readonly ends: Set<() => void>
  readonly listener: () => void
}

const followers = new WeakMap<AbortSignal, Followers>()

/**
 * Calls `end` when the signal aborts. All deadlines of one signal share a listener: an exchange has two for each
 * neighbour, and Node suspects a leak from 11 listeners on.
 *
 * @returns a function that stops following the signal
 */
function follow(signal: AbortSignal, end: () => void): () => void {
  const { ends, listener } = followers.get(signal) ?? listen(signal)
  ends.add(end)
  return () => {
    ends.delete(end)
    if (ends.size > 0 || followers.get(signal)?.ends !== ends) return
    signal.removeEventListener('abort', listener)
    followers.delete(signal)
  }
}

function listen(signal: AbortSignal): Followers {
  const ends = new Set<() => void>()
  // A follower that lets go while others are being called is not called any more.
  const listener = (): void => {
    for (const end of ends) end()
  }
  signal.addEventListener('abort', listener, { once: true })
  followers.set(signal, { ends, listener })
  return { ends, listener }
}
