import type { Libp2p, PeerId } from '@libp2p/interface'
import { createDeadline } from '../../deadline.js'
import { type PeerIdStr, Rejection, type StatePayload } from '../../gossip/index.js'
import type { Absence, AbsenceReason, Neighbourhood, NeighbourRoad, Position, Swap, Tell } from '../../methods/index.js'
import { whenDisconnected } from '../membership/connections.js'
import type { Member } from '../membership/member.js'
import type { News } from './news.js'
import { type Answers, createOutbox, type OutboxInit } from './outbox.js'
import type { Patience, Waiting } from './patience.js'

/** An exchange over libp2p streams. */
export interface StreamExchange extends NeighbourRoad {
  swap(
    position: Position,
    values: Float32Array,
    where: Neighbourhood<Member>,
    signal: AbortSignal,
    tell?: Tell,
    anchor?: Float32Array,
  ): Promise<Swap>
  /** Resolves when nothing is being handed over any more. */
  idle(): Promise<void>
  /** The payload that was handed over last, if `keepsLatest` is set: newcomers request it. */
  latest(): StatePayload | undefined
}

export interface ExchangeInit extends OutboxInit {
  readonly node: Libp2p
  /** Wait for no peer: the heads that are here are merged. @default false */
  readonly isAsync?: boolean
  /** For so many rounds a head that was not in time is still accepted, and not taken: see `Handover.earlier`. @default 0 */
  readonly lateRounds?: number
  /**
   * Is there anything new to hand over? Where there is not, the head goes to those neighbours alone whose own comes: an
   * edge is used both ways or not at all, so that what one end keeps of its own weight the other keeps too and the mean
   * of all models stays.
   *
   * @default always
   */
  readonly news?: News | undefined
  /** How long an exchange waits for neighbours that are connected and silent. */
  readonly patience: Patience
  /**
   * Resolves when it is known that this peer's head of a round will not come, though the peer is live: its own reports
   * are of another round. Left out, only the deadline ends the wait.
   */
  readonly whenElsewhere?: (peer: PeerIdStr, round: number, signal: AbortSignal) => Promise<void>
  /** Longest try to reach a neighbour whose connection is lost. */
  readonly dialMs: number
}

/** Exchanges heads over libp2p streams. */
export function createExchange(init: ExchangeInit): StreamExchange {
  return new Exchange(init)
}

type Taken = Pick<Swap, 'received' | 'absent'> & { readonly still: readonly number[] }

class Exchange implements StreamExchange {
  private readonly outbox

  constructor(private readonly init: ExchangeInit) {
    this.outbox = createOutbox(init)
  }

  async swap(
    position: Position,
    head: Float32Array,
    where: Neighbourhood<Member>,
    signal: AbortSignal,
    tell?: Tell,
  ): Promise<Swap> {
    const { outbox } = this
    const { handover, patience, isAsync, news } = this.init
    if (isAsync === true) {
      await outbox.toAll(position, head, where, signal, tell)
      return this.newest(where)
    }
    outbox.throwIfLost()
    const { lateRounds = 0 } = this.init
    handover.advance(position.round - lateRounds, lateRounds === 0 ? position.step : 0)
    const waiting = patience.begin()
    const deadline = createDeadline(signal)
    deadline.within(waiting.limitMs, new Error('The heads did not come in time'))
    const isNew = (await news?.isNew(position, head)) ?? true
    const answers = isNew ? undefined : outbox.quietly(position, head, where, deadline.signal)
    const handed = isNew ? await outbox.toAll(position, head, where, deadline.signal, tell) : undefined
    const taken = this.takeAll(position, where, waiting, deadline.signal, signal, answers)
    // Handing over may continue during the merge, and has until the deadline too.
    const ending = answers === undefined ? Promise.resolve(handed!) : taken.then(answers.over)
    void Promise.allSettled([ending.then(({ over }) => over), taken]).then(deadline.clear)
    const { received, absent, still } = await taken
    waiting.done()
    await ending
    if (!isNew && absent.length + still.length === 0) await news?.heard()
    return {
      received,
      absent,
      still,
      release() {
        for (const values of received.values()) handover.release(values)
      },
    }
  }

  latest(): StatePayload | undefined {
    return this.outbox.latest()
  }

  async idle(): Promise<void> {
    await this.outbox.idle()
    this.outbox.throwIfLost()
  }

  /**
   * Takes the heads of all neighbours that are worth waiting for, and those of the others that come meanwhile.
   *
   * @param deadline - aborts with `signal` too
   * @param answers - where this peer has nothing new
   */
  private async takeAll(
    position: Position,
    { members, self, graph }: Neighbourhood<Member>,
    waiting: Waiting,
    deadline: AbortSignal,
    signal: AbortSignal,
    answers: Answers | undefined,
  ): Promise<Taken> {
    const received = new Map<number, Float32Array>()
    const absent: Absence[] = []
    const still: number[] = []
    const takeFrom = async (peer: number, until: AbortSignal): Promise<void> => {
      const { peerId } = members[peer]!
      const taken = await this.take(peerId, position, signal, until, answers !== undefined)
      const isAbsent = typeof taken === 'string' && taken !== 'still'
      const how = typeof taken !== 'string' ? 'came' : taken === 'still' || taken === 'late' ? taken : 'absent'
      waiting.ended(peerId.toString(), how)
      if (isAbsent) absent.push({ peer, reason: taken })
      else if (taken === 'still') still.push(peer)
      else {
        received.set(peer, taken)
        await answers?.to(peerId)
      }
    }
    const isExpected = (peer: number): boolean => waiting.expects(members[peer]!.peerId.toString())
    const neighbours = graph.receivesFrom(self)
    const others = createDeadline(deadline)
    const expected = Promise.all(neighbours.filter(isExpected).map(peer => takeFrom(peer, deadline)))
    const unexpected = neighbours.filter(peer => !isExpected(peer)).map(peer => takeFrom(peer, others.signal))
    const noMore = (): void => others.abort(new Error('Those worth waiting for have come'))
    await Promise.all([expected.finally(noMore), ...unexpected]).finally(others.clear)
    return { received, absent: absent.sort((a, b) => a.peer - b.peer), still: still.sort((a, b) => a - b) }
  }

  /**
   * The neighbour's head, or why there is none.
   *
   * @param deadline - aborts with `signal` too
   * @param isQuiet - this peer has nothing new: where the neighbour has not either, no head comes
   */
  private async take(
    peer: PeerId,
    position: Position,
    signal: AbortSignal,
    deadline: AbortSignal,
    isQuiet: boolean,
  ): Promise<Float32Array | AbsenceReason | 'still'> {
    const { init } = this
    const until = createDeadline(deadline)
    const missing = createDeadline(until.signal)
    let why: AbsenceReason | undefined
    const because = (reason: AbsenceReason) => (): void => {
      why ??= reason
      missing.abort(reason)
    }
    const name = peer.toString()
    const watching = Promise.allSettled([
      whenGone(init, peer, position.round, until.signal).then(because('gone')),
      init.whenElsewhere?.(name, position.round, until.signal).then(because('elsewhere')),
    ])
    try {
      const take = isQuiet ? init.handover.takeNew : init.handover.take
      return (await take(name, position.round, position.step, missing.signal)) ?? 'still'
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Rejection) return 'refused'
      if (why !== undefined) return why
      if (deadline.aborted) return 'late'
      throw error
    } finally {
      until.abort(new Error('The wait is over'))
      until.clear()
      missing.clear()
      await watching
    }
  }

  /** The newest head of each neighbour that is here, of whatever round. */
  private newest({ members, self, graph, topology }: Neighbourhood<Member>): Swap {
    const { handover } = this.init
    const received = new Map<number, Float32Array>()
    const rounds = new Map<number, number>()
    const senders = new Set<PeerIdStr>()
    for (const peer of graph.receivesFrom(self)) {
      const sender = members[peer]!.peerId.toString()
      senders.add(sender)
      const head = handover.latest(sender)
      if (head === undefined) continue
      received.set(peer, head.values)
      rounds.set(peer, head.round)
    }
    // Heads of former neighbours are dropped, unless graphs change every round: they are then soon neighbours again.
    if (topology.period === 1) handover.keepOnly(senders)
    return { received, rounds, absent: [], release() {} }
  }
}

/**
 * Resolves when `peerId` will send nothing any more: in lockstep when it is known to be gone, else when it has no
 * connection to us and cannot be dialled. Rejects when `signal` aborts.
 */
async function whenGone(
  { node, dialMs, lockstep }: Pick<ExchangeInit, 'node' | 'dialMs' | 'lockstep'>,
  peerId: PeerId,
  round: number,
  signal: AbortSignal,
): Promise<void> {
  if (lockstep !== undefined) return lockstep.until(() => lockstep.isGone(peerId.toString(), round), signal)
  for (;;) {
    await whenDisconnected(node, peerId, signal)
    const deadline = createDeadline(signal)
    deadline.within(dialMs, new Error('It cannot be reached'))
    try {
      await node.dial(peerId, { signal: deadline.signal })
    } catch {
      signal.throwIfAborted()
      return
    } finally {
      deadline.clear()
    }
  }
}
