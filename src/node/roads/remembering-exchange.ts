import type { PeerId } from '@libp2p/interface'
import { type CopyLink, type DatedHead, type PeerIdStr, Rejection, type StatePayload } from '../../gossip/index.js'
import type { Absence, Neighbourhood, Position, Swap } from '../../methods/index.js'
import { ReasonCounts } from '../../reason-counts.js'
import { reserveVector } from '../../tensors/index.js'
import { copyInSlices } from '../../turns.js'
import type { Member } from '../membership/member.js'
import { type Copies, type Copy, follows, isReached } from './copies.js'
import { CopyRepairs } from './copy-repairs.js'
import { createExchange, type ExchangeInit, type StreamExchange } from './exchange.js'
import type { Forge } from './forge.js'
import type { Waiting } from './patience.js'
import type { WholeVectors } from './whole-vectors.js'

export interface RememberingExchangeInit
  extends Omit<ExchangeInit, 'conceal' | 'isAsync' | 'link' | 'lateRounds' | 'news'> {
  readonly copies: Copies
  readonly whole: WholeVectors
  /** Of the whole run: no copy is of a later one. */
  readonly rounds: number
  /** Rounds from one exchange to the next; the first is at the end of so many. */
  readonly every: number
  /** γ of CHOCO. @default error feedback: what is received is merged with the own vector as it is */
  readonly gamma?: number | undefined
  /** Requests a neighbour's copy of itself, whole. Left out, a copy that is lost stays so. */
  readonly ask?: ((peer: PeerId, signal: AbortSignal) => Promise<StatePayload>) | undefined
}

/** Why a neighbour's copy was not added to. */
export type CopyReason =
  | 'COPY_GAP' // a message before it was missed, by either end: the copy was requested whole
  | 'COPY_UNLIKE' // no message was missed, and the bits differ all the same: the copy was requested whole
  | 'COPY_TOO_LONG' // its norm has come to exceed limits.headNorm
  | 'COPY_UNANSWERED' // it was requested whole, and did not come in time, or is none of this run

/**
 * An exchange with memory (ALGORITHMS-2.md 5.1). What is handed over is what the others lack of the own vector, through a
 * codec that may lose most of it; what is received are the copies that all this adds up to. The next message has what this
 * one has lost.
 */
export interface RememberingExchange extends StreamExchange {
  /** The own vector was replaced by another's: at the next exchange its copy begins anew, and is requested whole. */
  replaced(): void
  readonly counters: {
    readonly rejected: Readonly<Record<string, number>>
    /** Copies that were requested whole and came, and their bytes. */
    readonly repairs: number
    readonly repairBytes: number
  }
}

/** For so many exchanges a neighbour's message counts, and so does its copy: as long as a peer may be behind (pace.ts). */
const lateExchanges = 2
/** Exchanges from one comparison of bits to the next; every message states which copy it goes on from. */
const compared = 16

export function createRememberingExchange(init: RememberingExchangeInit): RememberingExchange {
  return new Remembering(init)
}

class Remembering implements RememberingExchange {
  private readonly inner: StreamExchange
  private readonly lacking: Float32Array
  private readonly counts = new ReasonCounts<CopyReason>()
  private readonly forge: Forge | undefined
  private isReplaced = false
  private round = -1
  private kept: StatePayload | undefined
  private readonly repairs: CopyRepairs
  private limitMs = Number.POSITIVE_INFINITY
  private readonly lateRounds: number

  constructor(private readonly init: RememberingExchangeInit) {
    const { forge, keepsLatest: _, patience, ...plain } = init
    const { copies, whole, ask, rounds, every } = init
    const lateRounds = lateExchanges * every
    this.lateRounds = lateRounds
    // Before the memory: what a liar says is remembered like anything else.
    this.forge = forge
    this.lacking = reserveVector(init.copies.own.values.length)
    this.repairs = new CopyRepairs({
      ...{ copies, whole, ask },
      // No honest peer is further ahead; a copy that claims to be would count as long without another message.
      newest: round => Math.min(round + lateRounds, rounds - 1),
      onUnanswered: () => this.counts.add('COPY_UNANSWERED'),
    })
    const begin = (): Waiting => {
      const waiting = patience.begin()
      this.limitMs = waiting.limitMs
      return waiting
    }
    this.inner = createExchange({ ...plain, patience: { begin }, lateRounds, link: payload => this.link(payload) })
  }

  get counters(): RememberingExchange['counters'] {
    return { rejected: this.counts.toRecord(), ...this.repairs.counters }
  }

  replaced(): void {
    this.isReplaced = true
  }

  async swap(
    position: Position,
    values: Float32Array,
    where: Neighbourhood<Member>,
    signal: AbortSignal,
  ): Promise<Swap> {
    const { copies, gamma } = this.init
    const said = (await this.forge?.(position, values, where, signal)) ?? values
    if (!(said instanceof Float32Array)) throw new RangeError('With memory a peer says the same to all')
    const neighbours = where.graph.receivesFrom(where.self)
    const ids = new Set(neighbours.map(peer => idOf(where, peer)))
    copies.keepOnly(ids)
    this.round = position.round
    if (this.isReplaced) {
      await copyInSlices(copies.own.values, said)
      copies.own.digest = undefined
    }
    this.isReplaced = false
    await copies.digestOf(copies.own)
    if (copies.own.round < 0 && position.round === this.init.every - 1) copies.begin(ids)
    await copies.lacking(this.lacking, said)
    const { received, absent, release } = await this.inner.swap(position, this.lacking, where, signal)
    this.repairs.begin(ids, this.limitMs)
    try {
      const heard = await allEnded(
        neighbours.map(async peer => ({
          peer,
          copy: await this.hear(peer, received.get(peer), position, where, signal),
        })),
      )
      const here = new Map(heard.flatMap(({ peer, copy }) => (copy === undefined ? [] : [[peer, copy] as const])))
      const isIn = (peer: number): boolean => received.has(peer) || absent.some(one => one.peer === peer && isLate(one))
      const merged = new Map([...here].filter(([peer]) => isIn(peer)).map(([peer, { values }]) => [peer, values]))
      const refused = [...received.keys()].filter(peer => !merged.has(peer))
      return {
        received: merged,
        absent: [
          ...absent.filter(({ peer }) => !merged.has(peer)),
          ...refused.map(peer => ({ peer, reason: 'refused' as const })),
        ].sort((a, b) => a.peer - b.peer),
        ...(gamma !== undefined && { copy: { values: copies.own.values, gamma } }),
        release() {},
      }
    } finally {
      release()
    }
  }

  /** The own copy, whole: newcomers begin with it, and neighbours request it that have missed a message. */
  latest(): StatePayload | undefined {
    return this.kept
  }

  async idle(): Promise<void> {
    await this.repairs.stop()
    await this.inner.idle()
  }

  /** What the others decode of a payload is added to the own copy, too. */
  private async link(payload: Uint8Array): Promise<CopyLink> {
    const { copies, handover, whole, keepsLatest } = this.init
    const { own } = copies
    const before = await copies.digestOf(own)
    try {
      const said = await handover.decode(payload)
      await copies.add(own, said)
      handover.release(said)
    } catch (error) {
      // A model that has diverged: the others refuse it as well.
      if (!(error instanceof Rejection)) throw error
    }
    own.round = this.round
    if (keepsLatest === true) {
      const { bytes, digest } = await whole.encode(own.values)
      own.digest = digest
      this.kept = { bytes, digest, round: this.round }
    }
    return { follows: before, becomes: await copies.digestOf(own) }
  }

  /** A neighbour's copy with what came of it; nothing where it is lost, or too old to count. */
  private async hear(
    peer: number,
    newest: Float32Array | undefined,
    { round, step }: Position,
    where: Neighbourhood<Member>,
    signal: AbortSignal,
  ): Promise<Copy | undefined> {
    const { handover, copies, every } = this.init
    const id = idOf(where, peer)
    const earlier = handover.earlier(id, round, step)
    const links: CopyLink[] = []
    try {
      for (const said of [...earlier, ...(newest === undefined ? [] : [{ round, values: newest }])]) {
        const link = handover.linkOf(said.values)
        if (link !== undefined) links.push(link)
        await this.follow(id, said, link)
      }
    } finally {
      for (const { values } of earlier) handover.release(values)
    }
    const last = links.at(-1)
    const isAhead = (copies.of(id)?.round ?? -1) > round
    if (last !== undefined && !isAhead) {
      const held = copies.of(id)
      if (!isReached(last, held?.digest)) {
        if (held !== undefined) this.counts.add('COPY_GAP')
        await this.repairs.repair(where.members[peer]!.peerId, round, signal)
      } else if (step === 0 && (round + 1) % (compared * every) === 0) {
        held!.digest = undefined
        if (!isReached(last, await copies.digestOf(held!))) {
          this.counts.add('COPY_UNLIKE')
          await this.repairs.repair(where.members[peer]!.peerId, round, signal)
        }
      }
    }
    const copy = copies.of(id)
    return copy === undefined || round - copy.round > this.lateRounds ? undefined : copy
  }

  /** Adds a message to the copy that it goes on from. */
  private async follow(id: PeerIdStr, { round, values }: DatedHead, link: CopyLink | undefined): Promise<void> {
    const { copies } = this.init
    const copy = copies.of(id)
    if (copy === undefined || link === undefined) return
    if (!follows(link, await copies.digestOf(copy))) return
    if (await copies.add(copy, values)) {
      this.repairs.followed(id)
      copy.digest = link.becomes
      copy.round = Math.max(copy.round, round)
    } else {
      this.counts.add('COPY_TOO_LONG')
      copies.drop(id)
    }
  }
}

/**
 * What all of them come to. Where one fails the others have ended too: they read what is released then.
 *
 * @throws what the first in their order has failed with
 */
async function allEnded<T>(tasks: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(tasks)
  return Promise.all(tasks)
}

function isLate({ reason }: Absence): boolean {
  return reason === 'late'
}

function idOf({ members }: Neighbourhood<Member>, peer: number): PeerIdStr {
  return members[peer]!.peerId.toString()
}
