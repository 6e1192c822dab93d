import type { Libp2p, PeerId } from '@libp2p/interface'
import { equals } from 'uint8arrays/equals'
import { createWaiters } from '../../until.js'
import { orNothing } from '../bug.js'
import { MaskAnswer, MaskShares } from '../generated/masks.js'
import type { PeerIdStr } from '../peer-id.js'
import { isBefore } from '../position.js'
import { Rejection, type RejectionReason } from '../rejection.js'
import { type Calls, type CallsInit, createCalls } from '../stream/calls.js'
import type { StreamDeadlines } from '../stream/deadlines.js'
import { shareLimits, type UnmaskQuestion } from './double-mask.js'
import { sharesProtocol } from './protocol.js'

const { limits } = sharesProtocol

/** Where an exchange stands, and for which group. */
export interface SharesPosition {
  readonly round: number
  readonly step: number
  /** The group's digest. */
  readonly group: Uint8Array
}

/** What a sender has handed to its receiver: for the same group as its head, or it is of no use. */
export interface SealedShares {
  readonly group: Uint8Array
  readonly sealed: readonly Uint8Array[]
}

export interface SharesInit {
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** See `HandoverInit`: it bounds what is held. */
  readonly admit: (sender: PeerIdStr, round: number, step: number) => RejectionReason | undefined
  /** Answers a receiver; undefined where it is to get no answer. */
  readonly answer: (
    receiver: PeerIdStr,
    at: SharesPosition,
    question: UnmaskQuestion,
  ) => readonly Uint8Array[] | undefined
  /** @default sharesProtocol.deadlines */
  readonly deadlines?: StreamDeadlines
}

/** Hands shares over, and asks and answers for what is left in a sum. */
export interface ShareService {
  /** Idempotent. */
  start(): Promise<void>
  /** Idempotent. */
  stop(): Promise<void>
  /** Hands the own shares to a receiver. @returns whether it has taken them, now or before. @throws the signal's reason; CUT_OFF once stopped */
  hand(to: PeerId, at: SharesPosition, sealed: readonly Uint8Array[], signal: AbortSignal): Promise<boolean>
  /** Resolves with a sender's shares as soon as they are here. @throws the signal's reason */
  take(sender: PeerIdStr, round: number, step: number, signal: AbortSignal): Promise<SealedShares>
  /** Asks a sender. @returns undefined where it does not answer. @throws the signal's reason */
  ask(
    to: PeerId,
    at: SharesPosition,
    question: UnmaskQuestion,
    signal: AbortSignal,
  ): Promise<readonly Uint8Array[] | undefined>
  /** Drops shares of earlier positions. */
  advance(round: number, step: number): void
  readonly counters: {
    readonly sentBytes: number
    readonly receivedBytes: number
    readonly rejected: Readonly<Record<string, number>>
  }
}

export function createShareService(init: SharesInit): (components: { node: Libp2p }) => ShareService {
  return ({ node }) => new Shares(init, node)
}

class Shares implements ShareService {
  private readonly held = new Map<string, SealedShares & { readonly round: number; readonly step: number }>()
  private readonly waiters = createWaiters()
  private readonly calls: Calls
  private now = { round: 0, step: 0 }

  constructor(
    private readonly init: SharesInit,
    node: Libp2p,
  ) {
    const { deadlines = sharesProtocol.deadlines } = init
    const answer: CallsInit['answer'] = (peer, call) => MaskAnswer.encode(this.answerTo(peer, decodeMaskShares(call)))
    this.calls = createCalls({ node, id: sharesProtocol.id, limits, deadlines, answer })
  }

  get counters(): ShareService['counters'] {
    return this.calls.counters
  }

  start(): Promise<void> {
    return this.calls.start()
  }

  stop(): Promise<void> {
    return this.calls.stop()
  }

  async hand(to: PeerId, at: SharesPosition, sealed: readonly Uint8Array[], signal: AbortSignal): Promise<boolean> {
    this.calls.signal.throwIfAborted()
    const answer = await this.talk(to, at, { came: [], sealed }, signal)
    return answer?.code === MaskAnswer.Code.TAKEN
  }

  async take(sender: PeerIdStr, round: number, step: number, signal: AbortSignal): Promise<SealedShares> {
    return this.waiters.until(() => this.held.get(keyOf(sender, round, step)) ?? false, signal)
  }

  async ask(
    to: PeerId,
    at: SharesPosition,
    question: UnmaskQuestion,
    signal: AbortSignal,
  ): Promise<readonly Uint8Array[] | undefined> {
    const answer = await this.talk(to, at, question, signal)
    return answer?.code === MaskAnswer.Code.PARTS ? answer.parts : undefined
  }

  advance(round: number, step: number): void {
    this.now = { round, step }
    for (const [key, shares] of this.held) if (isBefore(shares, this.now)) this.held.delete(key)
  }

  /** One message and its answer; undefined where none comes. @throws the signal's reason */
  private async talk(
    to: PeerId,
    { round, step, group }: SharesPosition,
    { came, sealed }: UnmaskQuestion,
    signal: AbortSignal,
  ): Promise<MaskAnswer | undefined> {
    const message = MaskShares.encode({
      runId: Uint8Array.from(this.init.runId),
      round,
      step,
      group: Uint8Array.from(group),
      came: [...came],
      sealed: sealed.map(bytes => Uint8Array.from(bytes)),
    })
    return this.calls.call(to, message, decodeMaskAnswer, signal)
  }

  private answerTo(peer: PeerIdStr, { runId, round, step, group, came, sealed }: MaskShares): MaskAnswer {
    const refused = (reason: RejectionReason): MaskAnswer => {
      this.calls.reject(reason)
      return { code: MaskAnswer.Code.REFUSED, parts: [] }
    }
    if (!equals(runId, this.init.runId)) return refused('WRONG_RUN')
    if (came.length > 0) {
      const parts = this.init.answer(peer, { round, step, group }, { came, sealed })
      if (parts === undefined) return refused('NOT_A_NEIGHBOUR')
      return { code: MaskAnswer.Code.PARTS, parts: parts.map(part => Uint8Array.from(part)) }
    }
    const refusal = this.init.admit(peer, round, step)
    if (refusal !== undefined) return refused(refusal)
    if (isBefore({ round, step }, this.now)) return refused('STALE_ROUND')
    const key = keyOf(peer, round, step)
    const before = this.held.get(key)
    // The answer may have been lost: what was taken is not handed over again and again.
    if (before !== undefined) return isSame(before, { group, sealed }) ? taken : refused('DUPLICATE')
    // Copies, which do not hold the whole frame.
    this.held.set(key, { round, step, group: Uint8Array.from(group), sealed: sealed.map(one => Uint8Array.from(one)) })
    this.waiters.look()
    return taken
  }
}

const taken: MaskAnswer = { code: MaskAnswer.Code.TAKEN, parts: [] }

function isSame(a: SealedShares, b: SealedShares): boolean {
  const bytesOf = ({ group, sealed }: SealedShares): Buffer => Buffer.concat([group, ...sealed])
  return bytesOf(a).equals(bytesOf(b))
}

/** @throws {@link Rejection} MALFORMED for whatever no honest peer sends */
export function decodeMaskShares(bytes: Uint8Array): MaskShares {
  const { senders, sealedBytes } = shareLimits
  const bounds = { limits: { came: senders, sealed: senders - 1 } }
  const message = orNothing(() => MaskShares.decode(bytes, bounds))
  const isWhole =
    message?.runId.length === 32 &&
    message.group.length === 32 &&
    message.sealed.length > 0 &&
    message.sealed.every(({ length }) => length === sealedBytes)
  if (!isWhole) throw new Rejection('MALFORMED')
  return message
}

/** @throws {@link Rejection} MALFORMED for whatever no honest peer sends */
export function decodeMaskAnswer(bytes: Uint8Array): MaskAnswer {
  const { senders, partBytes } = shareLimits
  const answer = orNothing(() => MaskAnswer.decode(bytes, { limits: { parts: senders - 1 } }))
  const isWhole = answer?.parts.every(({ length }) => length === 0 || length === partBytes)
  if (answer === undefined || isWhole !== true) throw new Rejection('MALFORMED')
  return answer
}

function keyOf(sender: PeerIdStr, round: number, step: number): string {
  return `${sender}/${round}/${step}`
}
