import { raceSignal } from 'race-signal'

/** Waits for a state that other code brings about: the code that changes it calls `look`. */
export interface Waiters {
  /** How many wait. */
  readonly size: number
  /**
   * Calls `ask` now and at every `look`, until it returns something other than false, and resolves with that. One
   * `look` calls them in the order in which they began to wait.
   *
   * @throws the signal's reason, or that of `end`
   */
  until<T>(ask: () => T | false, signal: AbortSignal): Promise<T>
  look(): void
  /** Rejects every wait, pending or later. */
  end(reason: Error): void
}

/** Creates a place to wait at. */
export function createWaiters(): Waiters {
  const waiting = new Set<() => void>()
  const ended = new AbortController()
  const look = (): void => {
    for (const ask of [...waiting]) ask()
  }
  return {
    get size() {
      return waiting.size
    },
    async until<T>(ask: () => T | false, signal: AbortSignal) {
      signal.throwIfAborted()
      let again: (() => void) | undefined
      const answered = new Promise<T>((resolve, reject) => {
        again = () => {
          if (ended.signal.aborted) return reject(ended.signal.reason)
          const answer = !signal.aborted && ask()
          if (answer === false) return
          waiting.delete(again!)
          resolve(answer)
        }
        waiting.add(again)
        again()
      })
      try {
        return await raceSignal(answered, signal)
      } finally {
        waiting.delete(again!)
      }
    },
    look,
    end(reason) {
      ended.abort(reason)
      look()
    },
  }
}
