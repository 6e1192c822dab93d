import { type HeardReport, networkOf, type PeerIdStr, presenceProtocol } from '../../gossip/index.js'

/** A peer that has come is new for so many rounds, and for so long: the rounds of small models take less than a second. */
export const newcomerRounds = 10
export const newcomerMs = 60_000

/**
 * How many rounds behind one's own a newcomer may say that it begins: its records may be that old. One that says less is
 * taken to begin there, or it would be no newcomer at all.
 */
const roundsAgo = 3

/** A peer of the run, as its seat is decided by it. */
export interface Arrival {
  readonly peer: PeerIdStr
  /** The first round that it takes part in. */
  readonly since: number
  /** When it was first heard of, by any clock that does not go back; long ago of those that were there before this peer. */
  readonly heardMs: number
  /** What newcomers of one kind have in common: the public networks that it says it is in, and who invited it. */
  readonly kin: readonly string[]
}

/** Is it one of those of whom there may be any number, as identities cost nothing? */
export function isNew({ since, heardMs }: Arrival, round: number, nowMs: number): boolean {
  return since > 0 && (round - since < newcomerRounds || nowMs - heardMs < newcomerMs)
}

/**
 * Who of those that are there takes part in a round: all that are not new or were in the run's first round, and of
 * newcomers `newcomers`, or as many as the others are, where that is more; of one kin half of `newcomers`. Who came first
 * is seated first, of those who came at once the one with the lower id; the rest waits until newcomers are none any more.
 *
 * A pure function of signed records, the round and the time since they came: peers that heard of the same ones at the same
 * time seat the same.
 *
 * @param newcomers - `limits.newcomers`
 */
export function seated(
  there: readonly Arrival[],
  round: number,
  newcomers: number,
  nowMs: number,
): ReadonlySet<PeerIdStr> {
  const fresh = there.filter(arrival => isNew(arrival, round, nowMs))
  const seats = new Set(there.map(({ peer }) => peer))
  for (const { peer } of fresh) seats.delete(peer)
  const most = seats.size + Math.max(newcomers, seats.size)
  const ofKin = new Map<string, number>()
  const inOrder = fresh.sort((a, b) => a.since - b.since || (a.peer < b.peer ? -1 : 1))
  for (const { peer, kin } of inOrder) {
    if (seats.size >= most) break
    if (kin.some(one => ofKin.get(one)! >= Math.ceil(newcomers / 2))) continue
    for (const one of kin) ofKin.set(one, (ofKin.get(one) ?? 0) + 1)
    seats.add(peer)
  }
  return seats
}

export interface ArrivalsInit {
  /** Of the run: a peer that does not know yet where it begins says this. */
  readonly rounds: number
  readonly inviterOf: (peer: PeerIdStr) => PeerIdStr | undefined
  /** The others that are there now. */
  readonly live: () => readonly PeerIdStr[]
  /** @default performance.now */
  readonly now?: () => number
}

/** When the peers of a run came, as one of them remembers it: also of those that left, who may come back. */
export interface Arrivals {
  /**
   * Notes the record of a peer that is there, unless it was noted before.
   *
   * @param round - the own one; undefined before the first
   */
  note(peer: PeerIdStr, report: Pick<HeardReport, 'from' | 'addresses' | 'leaving'>, round: number | undefined): void
  /** Those that are there when this peer comes back take part as those that always were: it cannot know. */
  settle(peers: readonly PeerIdStr[]): void
  /** One that is not remembered has just come. */
  of(peer: PeerIdStr): Arrival
}

/** Peers remembered: twice as many as can be there at once. */
export const remembered = 2 * presenceProtocol.limits.peers

export function createArrivals({ rounds, inviterOf, live, now = () => performance.now() }: ArrivalsInit): Arrivals {
  const known = new Map<PeerIdStr, Arrival>()

  function add(arrival: Arrival): void {
    known.set(arrival.peer, arrival)
    if (known.size > remembered) forgetOne()
  }

  /**
   * Who came last and is gone again, so that a crowd that comes and goes displaces nobody but itself: neither who is there
   * nor who was there from the beginning.
   */
  function forgetOne(): void {
    const there = new Set(live())
    const last = [...known.values()].findLast(({ peer, since }) => since > 0 && !there.has(peer))
    known.delete((last ?? [...known.values()].at(-1)!).peer)
  }

  const of = (peer: PeerIdStr): Arrival =>
    known.get(peer) ?? { peer, since: Number.MAX_SAFE_INTEGER, heardMs: now(), kin: [] }

  return {
    note(peer, { from, addresses, leaving }, round) {
      if (known.has(peer) || from >= rounds || leaving) return
      // Those of the first round are all there when it ends.
      const earliest = round === undefined ? 0 : Math.max(Math.min(1, round), round - roundsAgo)
      const since = Math.max(from, earliest)
      const heardMs = round === undefined ? Number.NEGATIVE_INFINITY : now()
      add({ peer, since, heardMs, kin: kinOf(addresses, inviterOf(peer)) })
    },
    settle(peers) {
      for (const peer of peers) add({ ...of(peer), since: 0 })
    },
    of,
  }
}

/** @param inviter - undefined of founders, and where a run is not by invitation */
export function kinOf(addresses: HeardReport['addresses'], inviter?: PeerIdStr): string[] {
  const networks = addresses.flatMap(address => networkOf(address) ?? [])
  return [...new Set(networks), ...(inviter === undefined ? [] : [inviter])]
}
