/** Work that is under way, for whoever ends and has to wait for it. */
export interface UnderWay {
  track<T>(work: Promise<T>): Promise<T>
  /** Resolves when what is tracked by now has ended, well or not. */
  ended(): Promise<void>
}

export function createUnderWay(): UnderWay {
  const works = new Set<Promise<unknown>>()
  return {
    track(work) {
      works.add(work)
      const done = (): void => void works.delete(work)
      work.then(done, done)
      return work
    },
    async ended() {
      await Promise.allSettled(works)
    },
  }
}
