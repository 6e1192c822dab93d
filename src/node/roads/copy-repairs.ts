import type { PeerId } from '@libp2p/interface'
import { createDeadline, type Deadline } from '../../deadline.js'
import type { PeerIdStr, StatePayload } from '../../gossip/index.js'
import type { Copies } from './copies.js'
import type { WholeVectors } from './whole-vectors.js'

export interface CopyRepairsInit {
  readonly copies: Copies
  readonly whole: WholeVectors
  /** Requests a neighbour's copy of itself, whole. Left out, a copy that is lost stays so. */
  readonly ask?: ((peer: PeerId, signal: AbortSignal) => Promise<StatePayload>) | undefined
  /** The last round that a copy may be of, seen from one. */
  readonly newest: (round: number) => number
  /** Called for each request without an answer that fits. Must not throw. */
  readonly onUnanswered: () => void
}

/** A neighbour of which a copy was requested, since its last message that went on from the one held. */
interface Asked {
  /** Requests in a row without an answer. */
  failures: number
  /** The exchange in which it is asked again. */
  from: number
  running: { readonly deadline: Deadline; readonly ended: Promise<void> } | undefined
}

/** Longest wait for a copy, where the exchange would wait longer. */
const longestMs = 10_000
/** However often it gave no answer, a neighbour is asked again after so many exchanges. */
const rarest = 16

/**
 * Requests copies whole that were lost, of their owners. An exchange waits for the first request, and no longer than it
 * would for a head. Whoever has need of another before it has said anything that fits is asked beside the exchanges, and
 * if it gave no answer after 2, 4, … 16 of them: it may be lying, and must not hold up anybody.
 */
export class CopyRepairs {
  private readonly asked = new Map<PeerIdStr, Asked>()
  private exchange = 0
  private limitMs = longestMs
  private repairs = 0
  private repairBytes = 0

  constructor(private readonly init: CopyRepairsInit) {}

  /** Copies that came, and their bytes. */
  get counters(): { readonly repairs: number; readonly repairBytes: number } {
    return { repairs: this.repairs, repairBytes: this.repairBytes }
  }

  /**
   * Begins an exchange with these neighbours.
   *
   * @param limitMs - how long it waits for their heads
   */
  begin(neighbours: ReadonlySet<PeerIdStr>, limitMs: number): void {
    this.exchange += 1
    this.limitMs = Math.min(longestMs, limitMs)
    for (const [peer, { running }] of this.asked) {
      if (neighbours.has(peer)) continue
      running?.deadline.abort(new Error('It is no neighbour any more'))
      this.asked.delete(peer)
    }
  }

  /** Called when a neighbour's message went on from the copy that is held. */
  followed(peer: PeerIdStr): void {
    this.asked.delete(peer)
  }

  /** Drops a copy and requests it whole. Until it is here, the neighbour is left out. @throws the signal's reason */
  async repair(peer: PeerId, round: number, signal: AbortSignal): Promise<void> {
    const id = peer.toString()
    this.init.copies.drop(id)
    const before = this.asked.get(id)
    if (before?.running !== undefined || (before?.from ?? 0) > this.exchange) return
    const asked: Asked = before ?? { failures: 0, from: 0, running: undefined }
    this.asked.set(id, asked)
    const deadline = createDeadline(signal)
    deadline.within(this.limitMs, new Error('The copy did not come in time'))
    const ended = this.request(peer, asked, round, deadline.signal, signal).finally(() => {
      deadline.clear()
      asked.running = undefined
    })
    asked.running = { deadline, ended }
    if (before !== undefined) return
    await ended
    signal.throwIfAborted()
  }

  /** Ends what is still being requested. */
  async stop(): Promise<void> {
    const running = [...this.asked.values()].flatMap(({ running }) => running ?? [])
    for (const { deadline } of running) deadline.abort(new Error('The exchanges are over'))
    await Promise.all(running.map(({ ended }) => ended))
  }

  /** Never rejects: a neighbour that is gone, busy or lying is asked again later. */
  private async request(
    peer: PeerId,
    asked: Asked,
    round: number,
    deadline: AbortSignal,
    signal: AbortSignal,
  ): Promise<void> {
    const { ask, whole, copies, newest, onUnanswered } = this.init
    if (ask === undefined) return
    const id = peer.toString()
    try {
      const answer = await ask(peer, deadline)
      const values = await whole.decode(answer.bytes)
      this.repairs += 1
      this.repairBytes += answer.bytes.length
      const digest = Uint8Array.from(answer.digest)
      // Else it is no neighbour any more.
      if (this.asked.get(id) === asked)
        await copies.replace(id, values, { digest, round: Math.min(answer.round, newest(round)) })
      whole.release(values)
      asked.failures = 0
    } catch {
      if (signal.aborted) return
      onUnanswered()
      asked.failures += 1
      asked.from = this.exchange + Math.min(rarest, 2 ** asked.failures)
    }
  }
}
