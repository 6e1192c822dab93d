import type { Multiaddr } from '@multiformats/multiaddr'
import * as z from 'zod'
import { type HeardReport, networkOf, type PeerIdStr, presenceProtocol } from '../../gossip/index.js'

/** A peer that has come is new for so many rounds, and for so long: the rounds of small models take less than a second. */
export const newcomerRounds = 10
export const newcomerMs = 60_000

/**
 * How many rounds behind one's own a newcomer may say that it begins: its records may be that old. One that says less is
 * taken to begin there, or it would be no newcomer at all.
 */
const roundsAgo = 3

/** When a peer of the run came, as another one remembers it. */
export interface Arrival {
  readonly peer: PeerIdStr
  /** The first round that it takes part in. */
  readonly since: number
  /** When it was first heard of, by any clock that does not go back; long ago of those that were there before this peer. */
  readonly heardMs: number
  /** It says that it began earlier than it can have, so that `since` is this peer's guess, and others may guess otherwise. */
  readonly isDoubtful: boolean
}

/** Is it one of those of whom there may be any number, as identities cost nothing? */
export function isNew({ since, heardMs }: Pick<Arrival, 'since' | 'heardMs'>, round: number, nowMs: number): boolean {
  return since > 0 && (round - since < newcomerRounds || nowMs - heardMs < newcomerMs)
}

/**
 * Who of those that are there takes part in a round: all that are not new or were in the run's first round, and of
 * newcomers `newcomers`, or as many as the others are, where that is more; of one kin half of `newcomers`. Who came first
 * is seated first, of those who came at once the one with the lower id, and last of all who says that it began earlier
 * than it can have; the rest waits until newcomers are none any more.
 *
 * A function of signed records, the round and the time since they came: peers that heard of the same ones at the same time
 * seat the same. Where they did not, and some wait, they may seat different newcomers. So the others then come first: their
 * places, and with as many seats the edges among them, are the same whoever has those that are left.
 *
 * @param newcomers - `limits.newcomers`
 * @param kin - what a newcomer has in common with others of its kind: the public networks that it says it is in, and who
 * invited it
 * @returns in the order of their numbers in the graph: that of their ids; where some wait, the newcomers behind the others
 */
export function seated(
  there: readonly Arrival[],
  round: number,
  newcomers: number,
  nowMs: number,
  kin: (peer: PeerIdStr) => readonly string[],
): readonly PeerIdStr[] {
  const fresh = there.filter(one => isNew(one, round, nowMs))
  const others = there.filter(one => !isNew(one, round, nowMs)).map(({ peer }) => peer)
  const most = Math.max(newcomers, others.length)
  const seats: PeerIdStr[] = []
  const ofKin = new Map<string, number>()
  for (const { peer } of fresh.sort(byArrival)) {
    if (seats.length >= most) break
    const kinds = kin(peer)
    if (kinds.some(one => ofKin.get(one)! >= Math.ceil(newcomers / 2))) continue
    for (const one of kinds) ofKin.set(one, (ofKin.get(one) ?? 0) + 1)
    seats.push(peer)
  }
  return seats.length === fresh.length ? [...others, ...seats].sort() : [...others.sort(), ...seats]
}

function byArrival(a: Arrival, b: Arrival): number {
  if (a.isDoubtful !== b.isDoubtful) return a.isDoubtful ? 1 : -1
  return (a.isDoubtful ? 0 : a.since - b.since) || (a.peer < b.peer ? -1 : 1)
}

/** Peers remembered: twice as many as can be there at once. */
export const remembered = 2 * presenceProtocol.limits.peers

/** What a peer remembers of the others' arrivals when it leaves, and its own: see {@link Arrival}. */
export const keptArrivalsSchema = z
  .array(
    z.strictObject({
      peer: z.string().min(1).max(128),
      since: z.int().min(0),
      isDoubtful: z.boolean(),
      /** How much longer it is new by the clock. */
      newMs: z.int().min(0).max(newcomerMs),
    }),
  )
  .max(remembered)

export type KeptArrivals = Readonly<z.output<typeof keptArrivalsSchema>>

export interface ArrivalsInit {
  /** Of the run: a peer that does not know yet where it begins says this. */
  readonly rounds: number
  /** Those that are there now, this peer among them. */
  readonly live: () => readonly PeerIdStr[]
  /** What was kept when this peer left. @default nothing */
  readonly kept?: KeptArrivals | undefined
  /** @default performance.now */
  readonly now?: () => number
}

/** When the peers of a run came, as one of them remembers it: also of those that left, who may come back. */
export interface Arrivals {
  /**
   * Notes the record of a peer that is there, unless it was noted before.
   *
   * @param round - the own one, or where this peer left off; undefined of one that is new and in none yet
   */
  note(peer: PeerIdStr, report: Pick<HeardReport, 'from' | 'leaving'>, round: number | undefined): void
  /** One that is not remembered has just come. */
  of(peer: PeerIdStr): Arrival
  kept(): KeptArrivals
}

export function createArrivals({ rounds, live, kept = [], now = () => performance.now() }: ArrivalsInit): Arrivals {
  const known = new Map<PeerIdStr, Arrival>()
  for (const { newMs, ...arrival } of kept) {
    known.set(arrival.peer, { ...arrival, heardMs: newMs > 0 ? now() + newMs - newcomerMs : Number.NEGATIVE_INFINITY })
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

  return {
    note(peer, { from, leaving }, round) {
      if (known.has(peer) || from >= rounds || leaving) return
      // Those of the first round are all there when it ends.
      const earliest = round === undefined ? 0 : Math.max(Math.min(1, round), round - roundsAgo)
      const heardMs = round === undefined ? Number.NEGATIVE_INFINITY : now()
      known.set(peer, { peer, since: Math.max(from, earliest), heardMs, isDoubtful: from < earliest })
      if (known.size > remembered) forgetOne()
    },
    of: peer => known.get(peer) ?? { peer, since: Number.MAX_SAFE_INTEGER, heardMs: now(), isDoubtful: false },
    kept: () =>
      Array.from(known.values(), ({ heardMs, ...arrival }) => ({
        ...arrival,
        newMs: Math.max(0, Math.ceil(heardMs + newcomerMs - now())),
      })),
  }
}

/** The public networks of addresses, each once. */
export function networksOf(addresses: readonly Multiaddr[]): string[] {
  return [...new Set(addresses.flatMap(address => knownNetworkOf(address) ?? []))]
}

/** Kept, as every head that comes asks who takes part in its round. */
const networks = new WeakMap<Multiaddr, string | undefined>()

function knownNetworkOf(address: Multiaddr): string | undefined {
  if (!networks.has(address)) networks.set(address, networkOf(address))
  return networks.get(address)
}
