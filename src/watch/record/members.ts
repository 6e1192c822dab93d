import { type Fields, Malformed, textIn } from './fields.js'
import type { Cells } from './limits.js'
import type { MemberRecord } from './shape.js'

/** Far above the most peers that a topology has: in the field others may take the places of those that left. */
const mostMembers = 10_000
/** Of the text that says how a peer attacks, which may be foreign: kinds are shorter. */
const longestAttack = 32

/** Who took part in a run, each with a place that it keeps. */
export interface Members {
  /** The place of a peer; of one that no event has named before, the next. */
  place(id: string, name?: unknown): number
  /** Names peers that take part, and how they attack. */
  name(members: readonly Fields[]): void
  /** The same, of all that take part: the others are gone. */
  replace(members: readonly Fields[], round: number): void
  lose(place: number, round: number): void
  all(): MemberRecord[]
}

export function createMembers(cells: Cells): Members {
  const places = new Map<string, number>()
  const names: (string | undefined)[] = []
  /** Those that take part. Who is gone is not looked at again: events that name all members are many in a long run. */
  const here = new Set<number>()
  const gone = new Map<number, number>()
  const attacks = new Map<number, string>()
  const come = (place: number): void => {
    here.add(place)
    gone.delete(place)
  }
  const go = (place: number, round: number): void => {
    here.delete(place)
    gone.set(place, round)
  }
  const place = (id: string, name?: unknown): number => {
    const known = places.get(id) ?? places.size
    if (known >= mostMembers) throw new Malformed()
    if (known === places.size) {
      cells.lengthen(known + 1)
      places.set(id, known)
      here.add(known)
    }
    if (typeof name === 'string') names[known] = name
    return known
  }
  const nameAll = (members: readonly Fields[]): number[] =>
    members.map(({ peer, name }) => [textIn(peer), textIn(name)] as const).map(([peer, name]) => place(peer, name))
  return {
    place,
    name(members) {
      const places = nameAll(members)
      for (const [at, there] of places.entries()) {
        come(there)
        const { attack } = members[at]!
        if (typeof attack === 'string') attacks.set(there, attack.slice(0, longestAttack))
      }
    },
    replace(members, round) {
      const named = new Set(nameAll(members))
      for (const known of [...here]) if (!named.has(known)) go(known, round)
      for (const known of named) come(known)
    },
    lose: go,
    all: () =>
      [...places].map(([peer, known]) => ({
        peer,
        name: names[known] ?? peer.slice(-6),
        goneSince: gone.get(known) ?? null,
        ...(attacks.has(known) && { attack: attacks.get(known)! }),
      })),
  }
}
