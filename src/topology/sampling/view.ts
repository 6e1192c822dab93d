/** What a peer knows of another's part in a run. */
export interface Activity {
  /** The last round that it is known to have taken part in; that of its coming before it has. */
  readonly lastActive: number
  /** How often it has come or gone: the later of two memberships has the higher counter. */
  readonly counter: number
  readonly membership: 'join' | 'leave'
}

/** What a peer knows of all others and of itself, by id (MoDeST, arXiv 2302.13837). */
export type View = ReadonlyMap<string, Activity>

/**
 * What two peers know of a third together: the later activity, and the later membership. Of two with one counter `leave`
 * holds: so the order in which news come does not matter, where the published code keeps what was there.
 */
export function mergedActivity(a: Activity, b: Activity): Activity {
  const lastActive = Math.max(a.lastActive, b.lastActive)
  const counter = Math.max(a.counter, b.counter)
  const hasLeft = [a, b].some(one => one.counter === counter && one.membership === 'leave')
  return { lastActive, counter, membership: hasLeft ? 'leave' : 'join' }
}

/** Both views in one: commutative, associative, idempotent (P24). */
export function mergedView(a: View, b: View): Map<string, Activity> {
  const merged = new Map(a)
  for (const [peer, activity] of b) {
    const known = merged.get(peer)
    merged.set(peer, known === undefined ? activity : mergedActivity(known, activity))
  }
  return merged
}

/**
 * The peers that may be asked to take part in a round, in the order of their ids.
 *
 * @param inactivity - rounds after which one of which nothing is heard is asked no more
 */
export function activeIn(view: View, round: number, inactivity: number): string[] {
  return [...view]
    .filter(([, { membership, lastActive }]) => membership === 'join' && lastActive >= round - inactivity)
    .map(([peer]) => peer)
    .sort(byCodeUnits)
}

/** Not by locale, which differs between machines. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
