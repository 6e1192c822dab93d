import type { PeerIdStr } from '../peer-id.js'

/** A token bucket for each author. */
export interface RateLimit {
  /** Has the author exceeded its rate? A message costs `cost` tokens, and one that exceeds the rate costs one. */
  isExceeded(author: PeerIdStr, cost?: number): boolean
}

/**
 * Buckets as deep as one second. Those of the authors that sent last are kept: a stranger that makes up a new name for
 * each message has a full bucket with each, forgotten or not.
 *
 * @param perSecond - tokens that flow into each bucket; `Infinity` for no limit
 * @param authors - number of buckets kept
 */
export function createRateLimit(perSecond: number, authors: number): RateLimit {
  const buckets = new Map<PeerIdStr, { readonly tokens: number; readonly at: number }>()
  return {
    isExceeded(author, cost = 1) {
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
