import { setTimeout } from 'node:timers/promises'
import type { PeerId } from '@libp2p/interface'
import { equals } from 'uint8arrays/equals'
import { createDeadline } from '../../deadline.js'
import {
  answerOf,
  drawOwnMask,
  leastHeads,
  type MaskGroup,
  type MaskInSum,
  type MaskKey,
  masksLeft,
  type PeerIdStr,
  questionTo,
  type ShareService,
  type SharesInit,
  suffice,
} from '../../gossip/index.js'
import type { Position } from '../../methods/index.js'
import { createWaiters } from '../../until.js'
import type { Lockstep } from '../lockstep.js'

export interface ShareRoundsInit {
  readonly self: PeerIdStr
  readonly key: MaskKey
  readonly service: ShareService
  readonly lockstep?: Lockstep | undefined
  /** How long the shares of a head that came are waited for, and at the end of a run those that may still ask. */
  readonly waitMs: number
}

/** The heads of which a sum is, and the masks that are left in it. */
export interface Opened {
  readonly came: readonly PeerIdStr[]
  readonly left: readonly MaskInSum[]
}

/** What this peer has masked for, and may be asked about once. */
interface Promised {
  readonly group: MaskGroup
  readonly position: Position
  isAnswered: boolean
}

/** Exchanges of one receiver that are remembered: it may be behind by some rounds. */
const promisesKept = 4
/** From one try to hand shares over to the next; a receiver may not know yet that this peer is a neighbour. */
const againMs = 500

/** A peer's part in sums that survive a sender's absence, as sender and as receiver. */
export class ShareRounds {
  private readonly promised = new Map<PeerIdStr, Promised[]>()
  private readonly waiters = createWaiters()
  private own: ReadonlyMap<PeerIdStr, Uint8Array> = new Map()
  private position: Position = { round: 0, step: 0 }
  private signal: AbortSignal = AbortSignal.abort()

  constructor(private readonly init: ShareRoundsInit) {}

  /** Draws this peer's own masks, one for each receiver, and begins to hand their shares over. */
  begin(
    position: Position,
    groups: readonly { readonly group: MaskGroup; readonly peerId: PeerId }[],
    signal: AbortSignal,
  ): void {
    const { self, key, service, lockstep } = this.init
    this.position = position
    this.signal = signal
    service.advance(position.round, position.step)
    const own = new Map<PeerIdStr, Uint8Array>()
    for (const { group, peerId } of groups) {
      if (lockstep?.isGone(group.receiver, position.round) === true) continue
      const drawn = drawOwnMask(group, self, key)
      own.set(group.receiver, drawn.secret)
      const before = this.promised.get(group.receiver) ?? []
      this.promised.set(group.receiver, [...before, { group, position, isAnswered: false }].slice(-promisesKept))
      // Without them the head is of no use to its receiver, which then goes on without it.
      void this.handOver(peerId, position, group, drawn.sealed, signal).catch(() => {})
    }
    this.own = own
    for (const receiver of this.promised.keys()) if (this.isForgotten(receiver)) this.promised.delete(receiver)
  }

  /** The secret of this peer's own mask for a receiver; undefined where it must hand nothing over. */
  ownMaskFor(receiver: PeerIdStr): Uint8Array | undefined {
    return this.own.get(receiver)
  }

  /** See {@link SharesInit}: once for a group, whatever is asked. */
  readonly answer: SharesInit['answer'] = (receiver, { group: digest }, question) => {
    const { self, key } = this.init
    const promised = this.promised.get(receiver)?.find(({ group }) => equals(group.digest, digest))
    if (promised === undefined || promised.isAnswered) return undefined
    promised.isAnswered = true
    this.waiters.look()
    return answerOf(promised.group, self, key, question)
  }

  /**
   * Asks the senders whose heads came for what is left in their sum.
   *
   * @returns why there is no sum, or what it is of
   */
  async open(
    group: MaskGroup,
    there: ReadonlyMap<PeerIdStr, PeerId>,
    signal: AbortSignal,
  ): Promise<Opened | 'VOID_MISSING' | 'VOID_UNANSWERED'> {
    const { service, lockstep } = this.init
    const { round, step } = this.position
    const sealedOf = await this.sealedBy([...there.keys()], group, signal)
    const came = [...sealedOf.keys()]
    if (came.length < leastHeads(group.senders.size)) return 'VOID_MISSING'
    const at = { round, step, group: group.digest }
    const answers = new Map<PeerIdStr, readonly Uint8Array[]>()
    const { promise: isEnough, resolve } = Promise.withResolvers<void>()
    const asked = came.map(async peer => {
      const parts = await service.ask(there.get(peer)!, at, questionTo(group, peer, came, sealedOf), signal)
      if (parts === undefined) return
      answers.set(peer, parts)
      // With all heads here shares of most restore every own mask. In a simulation all are waited for: who is first is chance.
      if (lockstep === undefined && suffice(group, came, answers)) resolve()
    })
    await Promise.race([isEnough, Promise.all(asked)])
    const left = masksLeft(group, came, answers)
    return left === undefined ? 'VOID_UNANSWERED' : { came, left }
  }

  /** Resolves when no receiver of the last exchange may ask any more. */
  async idle(): Promise<void> {
    const { lockstep, waitMs } = this.init
    const deadline = createDeadline(this.signal)
    deadline.within(waitMs, new Error('They had time enough to ask'))
    const { position } = this
    const isOver = (): boolean =>
      [...this.promised.values()].flat().every(one => one.isAnswered || one.position !== position)
    try {
      await (lockstep === undefined
        ? this.waiters.until(isOver, deadline.signal)
        : lockstep.whenEnded(position.round, deadline.signal))
    } catch {
      // It is the end in any case.
    } finally {
      deadline.clear()
    }
  }

  /** What these have sealed for this exchange, of those that did so in time. */
  private async sealedBy(
    senders: readonly PeerIdStr[],
    { digest, senders: { size } }: MaskGroup,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<PeerIdStr, readonly Uint8Array[]>> {
    const { service, waitMs } = this.init
    const { round, step } = this.position
    const deadline = createDeadline(signal)
    deadline.within(waitMs, new Error('The shares did not come in time'))
    const sealedOf = new Map<PeerIdStr, readonly Uint8Array[]>()
    const takes = senders.map(async sender => {
      const { group, sealed } = await service.take(sender, round, step, deadline.signal)
      if (equals(group, digest) && sealed.length === size - 1) sealedOf.set(sender, sealed)
    })
    try {
      await Promise.allSettled(takes)
      signal.throwIfAborted()
      return sealedOf
    } finally {
      deadline.clear()
    }
  }

  private async handOver(
    peerId: PeerId,
    position: Position,
    { digest: group }: MaskGroup,
    sealed: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<void> {
    while (this.position === position) {
      if (await this.init.service.hand(peerId, { ...position, group }, sealed, signal)) return
      await setTimeout(againMs, undefined, { signal })
    }
  }

  private isForgotten(receiver: PeerIdStr): boolean {
    const last = this.promised.get(receiver)!.at(-1)!
    return last.position.round + promisesKept < this.position.round
  }
}
