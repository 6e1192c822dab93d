import type { PeerIdStr } from '../peer-id.js'

/** A token bucket for each author. */
export interface Pace {
  /** Has the author had more than its share? What it sends costs `cost` tokens, and one when it is too much. */
  isTooOften(author: PeerIdStr, cost?: number): boolean
}

/**
 * Buckets as deep as one second. They are remembered for so many authors, those that were heard last: whoever makes up
 * new names all the time has a full bucket with each, forgotten or not.
 *
 * @param perSecond - tokens that flow into each bucket; `Infinity` where nothing is too often
 */
export function createPace(perSecond: number, authors: number): Pace {
  const buckets = new Map<PeerIdStr, { readonly tokens: number; readonly at: number }>()
  return {
    isTooOften(author, cost = 1) {
      if (perSecond === Number.POSITIVE_INFINITY) return false
      const now = performance.now()
      const { tokens, at } = buckets.get(author) ?? { tokens: perSecond, at: now }
      const left = Math.min(perSecond, tokens + ((now - at) / 1000) * perSecond)
      buckets.delete(author)
      buckets.set(author, { tokens: left < cost ? Math.max(0, left - 1) : left - cost, at: now })
      if (buckets.size > authors) buckets.delete(buckets.keys().next().value!)
      return left < cost
    },
  }
}
