/** What is free of a memory, in bytes. It knows addresses only, and never touches the memory. */
export interface Gaps {
  /**
   * Takes the first gap that is large enough, from its start.
   *
   * @returns the address; `undefined` when there is none
   */
  take(bytes: number): number | undefined
  /** Frees `bytes` bytes from `start` on: those that were taken there, or new ones behind all others. */
  give(start: number, bytes: number): void
}

/** Gaps that touch are one: a memory of which everything was given back has one gap. */
export function createGaps(): Gaps {
  /** By address. */
  const gaps: { start: number; end: number }[] = []
  return {
    take(bytes) {
      const place = gaps.findIndex(({ start, end }) => end - start >= bytes)
      if (place < 0) return undefined
      const gap = gaps[place]!
      const { start } = gap
      gap.start += bytes
      if (gap.start === gap.end) gaps.splice(place, 1)
      return start
    },
    give(start, bytes) {
      const end = start + bytes
      const next = gaps.findIndex(gap => gap.start >= end)
      const place = next < 0 ? gaps.length : next
      const before = gaps[place - 1]
      const after = gaps[place]
      const touches = before?.end === start
      if (touches) before.end = after?.start === end ? after.end : end
      if (after?.start === end) {
        if (touches) gaps.splice(place, 1)
        else after.start = start
      } else if (!touches) gaps.splice(place, 0, { start, end })
    },
  }
}
