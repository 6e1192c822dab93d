import { type Message, TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import type { HearsayHost } from './host.js'
import { type PeerIdStr, presenceProtocol, presenceTopic } from './protocol.js'
import { ReasonCounts } from './rejection.js'
import {
  checkName,
  decodePresence,
  encodePresence,
  type HeardReport,
  type PresenceRejection,
  type RoundReport,
} from './report.js'

export interface PresenceInit {
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** How many rounds the run has; a report of a later one is a lie. */
  readonly rounds: number
  /** What others show for this peer. */
  readonly name: string
  /** Told of every report that is new, after it is in `heard()`. Must not throw. */
  readonly onReport?: (peer: PeerIdStr, report: HeardReport) => void
  /**
   * How soon presence is first repeated at a barrier, in milliseconds; each further wait is twice as long, up to
   * `repeatsApart` times this.
   * @default presenceProtocol.repeatMs
   */
  readonly repeatMs?: number
}

/** What crossed the presence topic so far. */
export interface PresenceCounters {
  /** Bytes of our own reports times those we sent them to; what the mesh forwards is not counted. */
  readonly sentBytes: number
  readonly accepted: number
  /** By {@link PresenceRejection}; a reason that never occurred is absent. */
  readonly rejected: Readonly<Record<string, number>>
}

/** Who is there, and how far. */
export interface Presence {
  /** Joins the topic. Twice is once. */
  start(): Promise<void>
  /** Leaves the topic and ends every `waitFor`. Twice is once. */
  stop(): Promise<void>
  /** From now on only these are heard; what others said is forgotten. Until it is called, anybody is. */
  expect(members: readonly PeerId[]): void
  /** Tells everybody. Later reports must not have a lower round. Nothing happens before `start` or after `stop`. */
  publish(report: RoundReport): Promise<void>
  /** The latest report of every other peer. A live view. */
  heard(): ReadonlyMap<PeerIdStr, HeardReport>
  /**
   * Resolves when all of `peers` were heard at least once; until then our own presence is repeated, and whoever hears
   * it repeats its own, so that nobody who came late waits for a message that was sent before.
   * @throws the signal's reason
   */
  waitFor(peers: readonly PeerIdStr[], signal: AbortSignal): Promise<void>
  /** A snapshot. */
  readonly counters: PresenceCounters
}

/** Creates the presence of one peer in one run, over gossipsub. */
export function createPresence(init: PresenceInit): (components: { node: HearsayHost }) => Presence {
  const { rounds, repeatMs } = { repeatMs: presenceProtocol.repeatMs, ...init }
  const runId = Uint8Array.from(init.runId)
  const name = checkName(init.name)
  const topic = presenceTopic(runId)
  const { limits } = presenceProtocol

  return ({ node }) => {
    const { pubsub } = node.services
    const heard = new Map<PeerIdStr, HeardReport>()
    const pace = new Map<PeerIdStr, { tokens: number; at: number }>()
    const rejected = new ReasonCounts<PresenceRejection>()
    const barriers = new Set<() => void>()
    let members: ReadonlySet<PeerIdStr> | undefined
    let own: RoundReport = { round: 0, samples: 0 }
    let state: 'idle' | 'started' | 'stopped' = 'idle'
    let answer: NodeJS.Timeout | undefined
    let sentBytes = 0
    let accepted = 0

    /** One author's reports in a token bucket: as many at once as in a second. */
    function isTooOften(author: PeerIdStr): boolean {
      const now = performance.now()
      const { tokens, at } = pace.get(author) ?? { tokens: limits.reportsPerSecond, at: now }
      const left = Math.min(limits.reportsPerSecond, tokens + ((now - at) / 1000) * limits.reportsPerSecond)
      pace.set(author, { tokens: Math.max(0, left - 1), at: now })
      return left < 1
    }

    function judge(author: PeerIdStr, data: Uint8Array): PresenceRejection | undefined {
      if (members !== undefined && !members.has(author)) return 'NOT_A_MEMBER'
      if (!pace.has(author) && pace.size >= Math.max(limits.peers, members?.size ?? 0)) return 'TOO_MANY_PEERS'
      if (isTooOften(author)) return 'TOO_OFTEN'
      const decoded = decodePresence(data, runId, rounds)
      if (!decoded.ok) return decoded.reason
      const { report, waiting } = decoded
      const before = heard.get(author)
      if (before !== undefined && report.round < before.round) return 'STALE_ROUND'
      heard.set(author, report)
      if (before === undefined || report.round > before.round) init.onReport?.(author, report)
      if (before === undefined) for (const check of barriers) check()
      if (waiting) repeatSoon(before === undefined)
      return undefined
    }

    // gossipsub has checked the author's signature before it asks. What is refused here is neither kept nor passed on.
    function validate(_from: PeerId, message: Message): TopicValidatorResult {
      if (message.type !== 'signed' || message.from.equals(node.peerId)) return TopicValidatorResult.Ignore
      const reason = judge(message.from.toString(), message.data)
      if (reason === undefined) {
        accepted += 1
        return TopicValidatorResult.Accept
      }
      rejected.add(reason)
      // Reject counts against whoever passed it on, so only where nobody honest would have.
      return reason === 'OVERSIZE' || reason === 'MALFORMED' ? TopicValidatorResult.Reject : TopicValidatorResult.Ignore
    }

    async function tell(): Promise<void> {
      if (state !== 'started') return
      const data = encodePresence(runId, name, own, barriers.size > 0)
      const { recipients } = await pubsub.publish(topic, data)
      sentBytes += recipients.length * data.length
    }

    /**
     * Answers somebody at a barrier; many at once with one message. While we are at a barrier and repeat ourselves
     * anyway, only a newcomer is answered, who has missed what we said before.
     */
    function repeatSoon(isNewcomer: boolean): void {
      if ((barriers.size > 0 && !isNewcomer) || answer !== undefined || state !== 'started') return
      answer = setTimeout(() => {
        answer = undefined
        // Whoever waits asks again.
        tell().catch(() => {})
      }, repeatMs / 2)
    }

    return {
      async start() {
        if (state !== 'idle') return
        state = 'started'
        pubsub.topicValidators.set(topic, validate)
        pubsub.subscribe(topic)
      },
      async stop() {
        if (state === 'started') {
          pubsub.unsubscribe(topic)
          pubsub.topicValidators.delete(topic)
          clearTimeout(answer)
        }
        state = 'stopped'
        for (const check of barriers) check()
      },
      expect(expected) {
        members = new Set(expected.map(peer => peer.toString()))
        for (const peer of pace.keys()) if (!members.has(peer)) pace.delete(peer)
        for (const peer of heard.keys()) if (!members.has(peer)) heard.delete(peer)
      },
      async publish(report) {
        own = report
        await tell()
      },
      heard: () => heard,
      async waitFor(peers, signal) {
        signal.throwIfAborted()
        const self = node.peerId.toString()
        const others = peers.filter(peer => peer !== self)
        await new Promise<void>((resolve, reject) => {
          const leave = (): void => {
            clearTimeout(timer)
            barriers.delete(check)
            signal.removeEventListener('abort', onAbort)
          }
          const check = (): void => {
            if (state === 'stopped') onStop()
            else if (others.every(peer => heard.has(peer))) {
              leave()
              resolve()
            }
          }
          const onAbort = (): void => {
            leave()
            reject(signal.reason)
          }
          const onStop = (): void => {
            leave()
            reject(new Error('Presence was stopped'))
          }
          // A failed try is followed by the next one.
          let timer: NodeJS.Timeout | undefined
          const repeat = (delayMs: number): void => {
            void tell().catch(() => {})
            timer = setTimeout(() => repeat(Math.min(2 * delayMs, presenceProtocol.repeatsApart * repeatMs)), delayMs)
          }
          barriers.add(check)
          signal.addEventListener('abort', onAbort)
          repeat(repeatMs)
          check()
        })
        // Those for whom we were the last need not wait for their next repeat.
        await tell().catch(() => {})
      },
      get counters() {
        return { sentBytes, accepted, rejected: rejected.toRecord() }
      },
    }
  }
}
