import { TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import { createDeadline } from '../../deadline.js'
import { ReasonCounts } from '../../reason-counts.js'
import { createWaiters } from '../../until.js'
import type { HearsayHost } from '../host/hearsay-host.js'
import type { PeerIdStr } from '../peer-id.js'
import { createRateLimit } from '../pubsub/rate-limit.js'
import type { SignedMessage } from '../pubsub/signed-message.js'
import { createTopic, type Topic } from '../pubsub/topic.js'
import { MaskedSum } from './masked-sum.js'
import { agreementProtocol, agreementTopic } from './protocol.js'
import { decodeStatement, encodeStatement, type StatementRejection } from './statement.js'
import type { SummedNumbers } from './sum.js'

const { limits, repeatMs, repeatsApart, silenceMs } = agreementProtocol

export type AgreementRejection = StatementRejection | 'OVERSIZE' | 'NOT_A_MEMBER' | 'FORGED'

export interface AgreementInit {
  /** 32 bytes. */
  readonly runId: Uint8Array
  readonly own: Uint8Array
  readonly widths: readonly number[]
  readonly smallest: number
  /** The other peers that are live; statements of others are refused. */
  readonly live: () => readonly PeerIdStr[]
}

export interface AgreementService {
  /** Joins the topic. Idempotent. */
  start(): void
  /** Leaves it; a pending `agree` rejects. Idempotent. */
  stop(): void
  /** Publishes statements until there is a sum. @throws the signal's reason */
  agree(signal: AbortSignal): Promise<SummedNumbers>
  /** Refused messages by reason. A snapshot. */
  readonly rejected: Readonly<Record<string, number>>
}

/**
 * Creates one peer's part in the sum, over gossipsub. It keeps answering after it has the sum: others may not have it.
 */
export function createAgreement(init: AgreementInit): (components: { node: HearsayHost }) => AgreementService {
  return ({ node }) => new GossipAgreement(init, node)
}

class GossipAgreement implements AgreementService {
  readonly #init: AgreementInit
  readonly #masked: MaskedSum
  readonly #topic: Topic
  readonly #rate = createRateLimit(limits.messagesPerSecond, limits.seeds)
  readonly #rejected = new ReasonCounts<AgreementRejection>()
  readonly #waiters = createWaiters()
  #answer: NodeJS.Timeout | undefined

  constructor(init: AgreementInit, node: HearsayHost) {
    this.#init = init
    this.#masked = new MaskedSum({ ...init, self: node.peerId.toString(), partBytes: limits.partBytes })
    this.#topic = createTopic(node, {
      name: agreementTopic(init.runId),
      validate: message => this.#validate(message),
      onForged: () => this.#rejected.add('FORGED'),
    })
  }

  get rejected(): Readonly<Record<string, number>> {
    return this.#rejected.toRecord()
  }

  start(): void {
    this.#topic.join()
  }

  stop(): void {
    this.#topic.leave()
    clearTimeout(this.#answer)
    this.#waiters.end(new Error('The agreement was stopped'))
  }

  async agree(signal: AbortSignal): Promise<SummedNumbers> {
    let pauseMs: number = repeatMs
    let before = ''
    let since = performance.now()
    for (;;) {
      signal.throwIfAborted()
      this.#masked.setLive(this.#init.live())
      if (this.#masked.sum !== undefined) break
      const state = this.#state()
      if (state !== before) {
        before = state
        since = performance.now()
        pauseMs = repeatMs
      } else if (performance.now() - since > silenceMs) {
        for (const peer of this.#masked.missing()) this.#masked.leaveOut(peer)
        // No peer is missing where too few are live: then the wait goes on.
        since = performance.now()
      }
      await this.#publish()
      await this.#change(state, pauseMs, signal)
      pauseMs = Math.min(2 * pauseMs, repeatsApart * repeatMs)
    }
    // For peers that waited for this one only.
    await this.#publish()
    return this.#masked.sum
  }

  /** What the peer waits for and has to publish; as long as that is the same, nothing moves. */
  #state(): string {
    return JSON.stringify([this.#masked.missing(), this.#masked.statements().map(({ kind }) => kind)])
  }

  /** Resolves when there is a sum or another state, or after `ms`. */
  async #change(state: string, ms: number, signal: AbortSignal): Promise<void> {
    const pause = createDeadline(signal)
    pause.within(ms, new Error('The pause is over'))
    try {
      await this.#waiters.until(() => this.#masked.sum !== undefined || this.#state() !== state, pause.signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!pause.signal.aborted) throw error
    } finally {
      pause.clear()
    }
  }

  async #publish(): Promise<void> {
    for (const statement of this.#masked.statements()) await this.#topic.publish(encodeStatement(statement))
  }

  #validate({ author, data }: SignedMessage): TopicValidatorResult {
    const reason = this.#judge(author.toString(), data)
    if (reason === undefined) return TopicValidatorResult.Accept
    this.#rejected.add(reason)
    // Every peer must receive both statements that contradict each other.
    return reason === 'CONFLICT' ? TopicValidatorResult.Accept : TopicValidatorResult.Ignore
  }

  #judge(author: PeerIdStr, data: Uint8Array): AgreementRejection | undefined {
    const live = this.#init.live()
    if (!live.includes(author)) return 'NOT_A_MEMBER'
    if (this.#rate.isExceeded(author)) return 'TOO_OFTEN'
    if (data.length > limits.messageBytes) return 'OVERSIZE'
    const statement = decodeStatement(data)
    if (statement === undefined) return 'MALFORMED'
    this.#masked.setLive(live)
    const reason = this.#masked.receive(author, statement)
    // An author that still publishes has no sum yet.
    if (this.#masked.sum !== undefined && statement.kind !== 'key') {
      this.#answer ??= setTimeout(() => {
        this.#answer = undefined
        void this.#publish()
      }, repeatMs / 2)
    }
    this.#waiters.look()
    return reason
  }
}
