import { type Message, TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import { createDeadline } from '../../deadline.js'
import { createWaiters } from '../../until.js'
import { AgreedSum, AgreementStatement } from '../generated/agreement.js'
import type { HearsayHost } from '../host/host.js'
import type { PeerIdStr } from '../peer-id.js'
import { onForged } from '../pubsub/forgeries.js'
import { createPace } from '../pubsub/rate-limit.js'
import { ReasonCounts } from '../reason-counts.js'
import {
  createMaskedSum,
  type MaskedSum,
  type Statement,
  type StatementRejection,
  type SummedNumbers,
} from './masked-sum.js'
import { agreementProtocol, agreementTopic } from './protocol.js'

const { limits } = agreementProtocol

export type AgreementRejection = StatementRejection | 'OVERSIZE' | 'NOT_A_MEMBER' | 'FORGED'

export interface AgreementInit {
  /** 32 bytes. */
  readonly runId: Uint8Array
  readonly own: Uint8Array
  readonly widths: readonly number[]
  readonly smallest: number
  /** Who of the others is there; only their word counts. */
  readonly live: () => readonly PeerIdStr[]
}

export interface AgreementService {
  /** Joins the topic. Twice is once. */
  start(): void
  /** Leaves it. Twice is once. */
  stop(): void
  /** Says what is to be said until there is a sum. @throws the signal's reason */
  agree(signal: AbortSignal): Promise<SummedNumbers>
  readonly rejected: Readonly<Record<string, number>>
}

/** Creates one peer's part in the sum, over gossipsub. It goes on answering after it has the sum: others may not yet. */
export function createAgreement(init: AgreementInit): (components: { node: HearsayHost }) => AgreementService {
  const topic = agreementTopic(init.runId)
  return ({ node }) => {
    const { pubsub } = node.services
    const { partBytes } = limits
    const machine: MaskedSum = createMaskedSum({ ...init, self: node.peerId.toString(), partBytes })
    const pace = createPace(limits.messagesPerSecond, 1024)
    const rejected = new ReasonCounts<AgreementRejection>()
    const waiters = createWaiters()
    let state: 'idle' | 'started' | 'stopped' = 'idle'
    let answer: NodeJS.Timeout | undefined
    let countNoMore = (): void => {}

    async function speak(): Promise<void> {
      for (const statement of machine.says()) {
        if (state === 'started') await pubsub.publish(topic, encodeStatement(statement)).catch(() => {})
      }
    }

    function judge(author: PeerIdStr, data: Uint8Array): AgreementRejection | undefined {
      if (!init.live().includes(author)) return 'NOT_A_MEMBER'
      if (pace.isTooOften(author)) return 'TOO_OFTEN'
      if (data.length > limits.messageBytes) return 'OVERSIZE'
      const statement = decodeStatement(data)
      if (statement === undefined) return 'MALFORMED'
      machine.see(init.live())
      const reason = machine.hear(author, statement)
      // Who still speaks has no sum yet.
      if (machine.sum !== undefined && statement.kind !== 'key') {
        answer ??= setTimeout(() => {
          answer = undefined
          void speak()
        }, agreementProtocol.repeatMs / 2)
      }
      waiters.look()
      return reason
    }

    function validate(_: unknown, message: Message): TopicValidatorResult {
      if (message.type !== 'signed' || message.from.equals(node.peerId)) return TopicValidatorResult.Ignore
      const reason = judge(message.from.toString(), message.data)
      if (reason === undefined) return TopicValidatorResult.Accept
      rejected.add(reason)
      // Everybody must hear of both that contradict each other.
      return reason === 'CONFLICT' ? TopicValidatorResult.Accept : TopicValidatorResult.Ignore
    }

    return {
      start() {
        if (state !== 'idle') return
        state = 'started'
        pubsub.topicValidators.set(topic, validate)
        countNoMore = onForged(pubsub, topic, () => rejected.add('FORGED'))
        pubsub.subscribe(topic)
      },
      stop() {
        if (state === 'started') {
          pubsub.unsubscribe(topic)
          pubsub.topicValidators.delete(topic)
          countNoMore()
          clearTimeout(answer)
        }
        state = 'stopped'
        waiters.end(new Error('The agreement was stopped'))
      },
      async agree(signal) {
        let pauseMs: number = agreementProtocol.repeatMs
        let awaited = ''
        let since = performance.now()
        for (;;) {
          signal.throwIfAborted()
          machine.see(init.live())
          if (machine.sum !== undefined) break
          const missing = machine.waitsFor()
          const now = JSON.stringify([missing, machine.says().map(({ kind }) => kind)])
          if (now !== awaited) {
            awaited = now
            since = performance.now()
            pauseMs = agreementProtocol.repeatMs
          } else if (performance.now() - since > agreementProtocol.silenceMs) {
            for (const peer of missing) machine.leaveOut(peer)
            // Nobody is missing where too few are there: then it waits on.
            since = performance.now()
          }
          await speak()
          const pause = createDeadline(signal)
          pause.within(pauseMs, new Error('Said again'))
          pauseMs = Math.min(2 * pauseMs, agreementProtocol.repeatsApart * agreementProtocol.repeatMs)
          const changed = (): boolean =>
            machine.sum !== undefined ||
            JSON.stringify([machine.waitsFor(), machine.says().map(({ kind }) => kind)]) !== awaited
          try {
            await waiters.until(changed, pause.signal)
          } catch {
            signal.throwIfAborted()
          } finally {
            pause.clear()
          }
          if (state === 'stopped') throw new Error('The agreement was stopped')
        }
        // Those for whom we were the last.
        await speak()
        return machine.sum
      },
      get rejected() {
        return rejected.toRecord()
      },
    }
  }
}

export function encodeStatement(statement: Statement): Uint8Array {
  const none = new Uint8Array(0)
  const empty = { key: none, group: none, commitment: none, part: 0, masked: none, seeds: [], transcript: none }
  const bytes = (value: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(value)
  switch (statement.kind) {
    case 'key':
      return AgreementStatement.encode({ ...empty, key: bytes(statement.key) })
    case 'masked': {
      const { group, commitment, part, bytes: masked } = statement
      return AgreementStatement.encode({
        ...empty,
        group: bytes(group),
        commitment: bytes(commitment),
        part,
        masked: bytes(masked),
      })
    }
    case 'seeds': {
      const { group, transcript, seeds } = statement
      const told = { group: bytes(group), transcript: bytes(transcript), seeds: seeds.map(bytes) }
      return AgreementStatement.encode({ ...empty, ...told })
    }
  }
}

/** Never throws, whatever the bytes. */
export function decodeStatement(data: Uint8Array): Statement | undefined {
  try {
    const { key, group, commitment, part, masked, seeds, transcript } = AgreementStatement.decode(data, {
      limits: { seeds: limits.seeds },
    })
    if (key.length > 0) return key.length === 32 && group.length === 0 ? { kind: 'key', key } : undefined
    if (group.length !== 32) return undefined
    if (seeds.length > 0) {
      const fits = transcript.length === 32 && seeds.every(({ length }) => length === 32)
      return fits ? { kind: 'seeds', group, transcript, seeds } : undefined
    }
    return commitment.length === 32 ? { kind: 'masked', group, commitment, part, bytes: masked } : undefined
  } catch {
    return undefined
  }
}

/** The sum as those get it who come later. */
export function encodeSum({ members, total }: SummedNumbers): Uint8Array {
  return AgreedSum.encode({ members: [...members], total: Uint8Array.from(total) })
}

/** Never throws, whatever the bytes. @param totalBytes - as many as the run's columns take */
export function decodeSum(bytes: Uint8Array, totalBytes: number): SummedNumbers | undefined {
  try {
    const { members, total } = AgreedSum.decode(bytes, { limits: { members: limits.seeds } })
    return total.length === totalBytes && members.length > 0 ? { members, total } : undefined
  } catch {
    return undefined
  }
}
