import type { PeerIdStr, SampledAnswer, SampledCall } from '../../../gossip/index.js'
import { meanOf } from '../../../merge/index.js'
import { reserveVector } from '../../../tensors/index.js'
import {
  type Activity,
  activeIn,
  firstToAnswer,
  mergedActivity,
  orderOf,
  type SampledSpec,
  type View,
} from '../../../topology/index.js'
import { inSlices } from '../../../turns.js'
import { Collections } from './collections.js'

/** What leaves a sampler: calls, and heads by their payloads. */
export interface SampledLinks {
  /** @returns undefined where the peer does not answer, or is known to be gone */
  ask(peer: PeerIdStr, call: SampledCall): Promise<SampledAnswer | undefined>
  /** @returns whether it has taken the head */
  hand(peer: PeerIdStr, round: number, step: number, payload: Uint8Array): Promise<boolean>
  encode(head: Float32Array): Promise<Uint8Array>
  decode(payload: Uint8Array): Promise<Float32Array>
  release(used: Float32Array): void
}

export interface SamplerInit {
  readonly self: PeerIdStr
  /** Of the whole run. */
  readonly rounds: number
  readonly settings: Omit<SampledSpec, 'when'>
  readonly links: SampledLinks
  /** Those that take part, this peer among them, with their places in sums. */
  readonly members: () => ReadonlyMap<PeerIdStr, number>
}

/** The steps of a handover: what was trained goes to the round's aggregators, their mean to its participants. */
export const steps = { trained: 0, aggregate: 1 } as const

/** The model that a round begins with. */
export interface Aggregate {
  readonly round: number
  readonly head: Float32Array
  /** Does this peer train from it? An aggregator may only have made it. */
  readonly isSampled: boolean
  /** Who made it. */
  readonly from: PeerIdStr
}

/**
 * One peer's part in a run whose participants are sampled (MoDeST, arXiv 2302.13837; ALGORITHMS-2.md 8): it knows who is
 * there, asks those whose turn it is, hands on what was trained, and averages it where it is asked to. When it does so is
 * for its caller: a simulation goes in step, the field by clocks.
 */
export class Sampler {
  /** What is known of the others, merged with every view that comes. */
  readonly view = new Map<PeerIdStr, Activity>()
  /** The newest aggregate that this peer has had. */
  newest: Aggregate | undefined
  readonly collections: Collections
  /** The highest round that it has heard of. */
  known = 0
  /** How many train in the last round that it was asked to train in. */
  private together = { round: -1, sampled: 0 }

  constructor(private readonly init: SamplerInit) {
    this.collections = new Collections(init.settings)
  }

  /** Takes in what another peer knows. Of peers that do not take part nothing is kept, or a liar could name any number. */
  learn(view: View): void {
    const { self, rounds } = this.init
    const members = this.init.members()
    for (const [peer, activity] of view) {
      if (!members.has(peer)) continue
      const theirs = { ...activity, lastActive: Math.min(activity.lastActive, rounds) }
      const known = this.view.get(peer)
      this.view.set(peer, known === undefined ? theirs : mergedActivity(known, theirs))
    }
    // Whoever could not reach this peer takes it for gone. It is not, and says so with its next view.
    this.joins(self)
  }

  /** Notes that this peer takes part in a round. */
  takesPart(round: number): void {
    this.known = Math.max(this.known, round)
    const own = this.activityOf(this.init.self)
    this.view.set(this.init.self, { ...own, lastActive: Math.max(own.lastActive, round) })
  }

  /** Notes that a peer has gone, as far as this one can see. */
  left(peer: PeerIdStr): void {
    this.view.set(peer, { ...this.activityOf(peer), membership: 'leave' })
  }

  /** Notes that a peer that was taken for gone is there. */
  joins(peer: PeerIdStr): void {
    const known = this.activityOf(peer)
    if (known.membership === 'join') return
    this.view.set(peer, { ...known, counter: known.counter + 1, membership: 'join' })
  }

  /** Answers a call, whose head is then expected where this is READY. */
  answer({ part, round, sampled, view }: SampledCall): SampledAnswer {
    this.learn(view)
    const newest = this.newest?.round ?? 0
    const isPast = round < newest || (part === 'AGGREGATOR' && this.collections.isOver(round))
    if (!isPast) {
      this.known = Math.max(this.known, round - 1)
      if (part === 'AGGREGATOR') this.collections.of(round).expect(sampled)
      else this.together = { round, sampled }
    }
    return { code: isPast ? 'PAST' : 'READY', round: this.known }
  }

  /** Takes what another peer, or this one, has handed over. */
  came(from: PeerIdStr, round: number, step: number, head: Float32Array): void {
    if (step === steps.trained) this.trainedCame(from, round, head)
    else this.aggregateCame({ round, head, from, isSampled: true })
  }

  /** Who is asked in a round, the first first: at whose end this peer is if it knows of nobody else. */
  orderOf(round: number): PeerIdStr[] {
    const { members, settings, self } = this.init
    const all = new Map([...members().keys()].map(peer => [peer, this.activityOf(peer)]))
    const active = new Set(activeIn(all, round, settings.inactivity)).add(self)
    return orderOf([...active], round)
  }

  /** The participants of a round that begins without an aggregate. @param isThere - as far as that is known */
  firstOf(round: number, isThere: (peer: PeerIdStr) => boolean = () => true): PeerIdStr[] {
    return this.orderOf(round).filter(isThere).slice(0, this.init.settings.participants)
  }

  /**
   * Hands what this peer has trained to the aggregators of the round after it. Resolves when `head` may be overwritten,
   * with the end of it: who has it.
   */
  async handOn(round: number, head: Float32Array): Promise<{ readonly over: Promise<PeerIdStr[]> }> {
    const next = round + 1
    const { together } = this
    const sampled = together.round === round ? together.sampled : this.firstOf(round).length
    const payload = await this.init.links.encode(head)
    const call = { part: 'AGGREGATOR', round: next, sampled } as const
    return { over: this.toFirst(this.orderOf(next), this.init.settings.aggregators, payload, call) }
  }

  /**
   * Averages what came for a round, in the order of the members' numbers, and hands it to the participants of the round.
   * What a peer hands to itself goes through its codec too, so that all have the same bits.
   *
   * @returns whose heads it is of, and who has it
   */
  async aggregate(round: number): Promise<{ readonly of: PeerIdStr[]; readonly to: PeerIdStr[] }> {
    const { links, members, settings, rounds, self } = this.init
    const collection = this.collections.of(round)
    const of = collection.chosen(orderOf([...collection.heads.keys()], round - 1))
    const places = members()
    of.sort((a, b) => places.get(a)! - places.get(b)!)
    const heads = of.map(peer => collection.heads.get(peer)!)
    const mean = reserveVector(heads[0]!.length)
    await inSlices(mean.length, heads.length, (from, to) => meanOf(mean, heads, from, to))
    for (const head of this.collections.end(round)) links.release(head)
    const payload = await links.encode(mean)
    this.takesPart(round)
    this.aggregateCame({ round, head: await links.decode(payload), from: self, isSampled: false })
    // The last is everybody's: it is the run's result. Who was silent for long, or could not be reached, may be there.
    const isLast = round === rounds
    const order = isLast ? orderOf([...places.keys()], round) : this.orderOf(round)
    const wanted = isLast ? order.length : settings.participants
    const sampled = Math.min(wanted, order.length)
    const to = await this.toFirst(order, wanted, payload, { part: 'PARTICIPANT', round, sampled })
    return { of, to }
  }

  /** Of what is replaced the memory is left to the garbage collector: a round may be reading it. */
  private aggregateCame(aggregate: Aggregate): void {
    const { newest } = this
    const { round, from } = aggregate
    this.known = Math.max(this.known, round - 1)
    if (newest === undefined || round > newest.round) this.newest = aggregate
    if (newest === undefined || round !== newest.round) return
    // Of several aggregators all have averaged the same heads where none failed. Where one did, a peer takes the mean of
    // the one that comes first in the round's order, of those it has.
    const [first] = orderOf([newest.from, from], round)
    const isSampled = newest.isSampled || aggregate.isSampled
    this.newest = { ...(first === newest.from ? newest : aggregate), isSampled }
  }

  private trainedCame(from: PeerIdStr, round: number, head: Float32Array): void {
    if (this.collections.isOver(round) || !this.collections.of(round).add(from, head)) this.init.links.release(head)
  }

  /** Hands a payload to the first of an order that answer and take it. */
  private toFirst(
    order: readonly PeerIdStr[],
    wanted: number,
    payload: Uint8Array,
    call: Omit<SampledCall, 'view'>,
  ): Promise<PeerIdStr[]> {
    return firstToAnswer(order, wanted, peer => this.handTo(peer, payload, call))
  }

  private async handTo(peer: PeerIdStr, payload: Uint8Array, call: Omit<SampledCall, 'view'>): Promise<boolean> {
    const { self, links } = this.init
    const step = call.part === 'AGGREGATOR' ? steps.trained : steps.aggregate
    if (peer === self) return this.handToSelf(payload, call)
    const answer = await links.ask(peer, { ...call, view: this.view })
    // It has what it needs for that round.
    if (answer?.code === 'PAST') return true
    if (answer?.code !== 'READY') return false
    if (await links.hand(peer, call.round, step, payload)) return true
    this.left(peer)
    return false
  }

  private async handToSelf(payload: Uint8Array, { part, round, sampled }: Omit<SampledCall, 'view'>): Promise<boolean> {
    const { self, links } = this.init
    if (part === 'PARTICIPANT') this.together = { round, sampled }
    if (part === 'AGGREGATOR') {
      this.collections.of(round).expect(sampled)
      this.came(self, round, steps.trained, await links.decode(payload))
      return true
    }
    // It has made it itself.
    if (this.newest?.round === round) this.newest = { ...this.newest, isSampled: true }
    return true
  }

  private activityOf(peer: PeerIdStr): Activity {
    return this.view.get(peer) ?? { lastActive: 0, counter: 0, membership: 'join' }
  }
}
