import type { Pass } from './codec.js'

/** Numbers of a vector that are coded together. */
export interface Part {
  readonly offset: number
  readonly size: number
}

/** A pass that goes over those of the parts that are in a slice, one after another. */
export function byPart(parts: readonly Part[], work: (part: number, from: number, to: number) => void): Pass {
  let part = 0
  return (from, to) => {
    let at = from
    while (at < to) {
      const { offset, size } = parts[part]!
      const end = Math.min(to, offset + size)
      if (at < end) work(part, at, end)
      at = end
      if (at === offset + size) part += 1
    }
  }
}
