/** A place in a round where the model is whole, and changes only after all errands are done. */
export interface Stop {
  readonly round: number
  readonly signal: AbortSignal
}

/** What a running peer is asked to do beside its rounds, as soon as it comes to a stop. */
export interface Errands {
  /**
   * Resolves with what the work returns. One that is asked for again before it has begun is done once.
   *
   * @throws what the work throws, and what {@link end} was given: the run itself goes on
   */
  ask<T>(name: string, work: (stop: Stop) => Promise<T>): Promise<T>
  /** Does all that was asked for, one after another. Never throws. */
  run(stop: Stop): Promise<void>
  /** No stop comes any more: what waits rejects, and so does what is asked for later. */
  end(reason: Error): void
}

interface Errand {
  readonly done: Promise<unknown>
  readonly run: (stop: Stop) => Promise<void>
  readonly drop: (reason: Error) => void
}

export function createErrands(): Errands {
  const waiting = new Map<string, Errand>()
  let ended: Error | undefined
  return {
    async ask<T>(name: string, work: (stop: Stop) => Promise<T>): Promise<T> {
      if (ended !== undefined) throw ended
      const { done } = waiting.get(name) ?? waitFor(name, work)
      return done as Promise<T>
    },
    async run(stop) {
      const errands = [...waiting.values()]
      waiting.clear()
      for (const errand of errands) await errand.run(stop)
    },
    end(reason) {
      ended ??= reason
      for (const errand of waiting.values()) errand.drop(ended)
      waiting.clear()
    },
  }

  function waitFor<T>(name: string, work: (stop: Stop) => Promise<T>): Errand {
    let [resolve, reject] = [(_: T): void => {}, (_: unknown): void => {}]
    const done = new Promise<T>((resolved, rejected) => {
      resolve = resolved
      reject = rejected
    })
    const errand: Errand = {
      done,
      run: async stop => {
        try {
          resolve(await work(stop))
        } catch (error) {
          reject(error)
        }
      },
      drop: reject,
    }
    waiting.set(name, errand)
    return errand
  }
}
