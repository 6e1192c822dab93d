import { type Message, TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { createWaiters } from '../../until.js'
import type { AuthorVerdict } from '../access/authors.js'
import type { HearsayHost } from '../host/host.js'
import type { PeerIdStr } from '../peer-id.js'
import { onForged } from '../pubsub/forgeries.js'
import { ReasonCounts } from '../reason-counts.js'
import { presenceProtocol, presenceTopic } from './protocol.js'
import { createHeard } from './records.js'
import {
  checkName,
  type DecodedPresence,
  decodePresence,
  encodePresence,
  type HeardReport,
  type PresenceRejection,
  type RoundReport,
  type Standing,
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
  /** What this peer says of its place in the run, asked each time it speaks. @default plainStanding */
  readonly standing?: () => Standing
  /**
   * How often it speaks though nothing is new, in milliseconds; others who are silent three times as long are no longer
   * `live`. Left out, nobody expires: in a simulation those who are gone are known.
   */
  readonly beatMs?: number
  /**
   * Asked for every record, with the invitation in it: authors need not be connected to us, and what others pass on of
   * them is not to be believed unless they may take part.
   * @default everybody may
   */
  readonly admits?: (author: PeerId, invite: Uint8Array) => AuthorVerdict | Promise<AuthorVerdict>
  /** What this peer shows in its own records. @default nothing */
  readonly invite?: Uint8Array
  /**
   * How soon presence is first repeated at a barrier, in milliseconds; each further wait is twice as long, up to
   * `repeatsApart` times this.
   * @default presenceProtocol.repeatMs
   */
  readonly repeatMs?: number
  /** Reports of one author that are taken in a second. @default presenceProtocol.limits.reportsPerSecond */
  readonly reportsPerSecond?: number
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
  /** Repeats the last report; `asks` others to repeat theirs. Nothing happens before `start` or after `stop`. */
  speak(options?: { readonly asks?: boolean }): Promise<void>
  /** The latest report of every other peer, of those that have gone too. A live view. */
  heard(): ReadonlyMap<PeerIdStr, HeardReport>
  /** Who of the others is there: was heard of within three beats, and has not said goodbye. */
  live(): PeerIdStr[]
  /** Resolves when `is` holds, which is asked again at every record and every beat. @throws the signal's reason */
  until(is: () => boolean, signal: AbortSignal): Promise<void>
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
  const name = checkName(init.name)
  const topic = presenceTopic(init.runId)

  return ({ node }) => {
    const { pubsub } = node.services
    const heard = createHeard(init.beatMs, init.reportsPerSecond)
    const waiters = createWaiters()
    const rejected = new ReasonCounts<PresenceRejection>()
    let barriers = 0
    let own: RoundReport = { round: 0, samples: 0 }
    let state: 'idle' | 'started' | 'stopped' = 'idle'
    let answer: NodeJS.Timeout | undefined
    let beat: NodeJS.Timeout | undefined
    let countNoMore = (): void => {}
    let sentBytes = 0
    let accepted = 0

    /** `isLie`: nobody honest would have passed it on. */
    type Verdict = { readonly reason: PresenceRejection; readonly isLie?: boolean } | undefined

    function judge(from: PeerId, sender: PeerId, data: Uint8Array, sequence: bigint): Verdict | Promise<Verdict> {
      const author = from.toString()
      if (!heard.isMember(author)) return { reason: 'NOT_A_MEMBER' }
      // Before anything that costs more than a look. A flood is one only from its author's own hands.
      if (heard.isTooOften(author)) return { reason: 'TOO_OFTEN', isLie: sender.equals(from) }
      const decoded = decodePresence(data, rounds)
      if (!decoded.ok) {
        const { reason } = decoded
        return { reason, isLie: reason === 'OVERSIZE' || reason === 'MALFORMED' }
      }
      const take = (admitted: AuthorVerdict): Verdict => {
        if (admitted !== 'yes') return { reason: 'NOT_ADMITTED', isLie: admitted === 'never' }
        const reason = learn(author, decoded, sequence)
        return reason && { reason }
      }
      const admitted = init.admits?.(from, decoded.invite) ?? 'yes'
      return admitted instanceof Promise ? admitted.then(take) : take(admitted)
    }

    function learn(
      author: PeerIdStr,
      { report, waiting }: Extract<DecodedPresence, { ok: true }>,
      sequence: bigint,
    ): PresenceRejection | undefined {
      const isNewcomer = !heard.reports.has(author)
      const reason = heard.take(author, report, sequence)
      if (reason !== undefined) return reason
      init.onReport?.(author, report)
      waiters.look()
      if (waiting) repeatSoon(isNewcomer)
      return undefined
    }

    // gossipsub has checked the author's signature before it asks. What is refused here is neither kept nor passed on.
    function validate(sender: PeerId, message: Message): TopicValidatorResult | Promise<TopicValidatorResult> {
      if (message.type !== 'signed' || message.from.equals(node.peerId)) return TopicValidatorResult.Ignore
      const verdict = judge(message.from, sender, message.data, message.sequenceNumber)
      return verdict instanceof Promise ? verdict.then(resultOf) : resultOf(verdict)
    }

    function resultOf(verdict: Verdict): TopicValidatorResult {
      if (verdict === undefined) {
        accepted += 1
        return TopicValidatorResult.Accept
      }
      rejected.add(verdict.reason)
      // Reject counts against whoever passed it on.
      return verdict.isLie === true ? TopicValidatorResult.Reject : TopicValidatorResult.Ignore
    }

    async function tell(asks = barriers > 0): Promise<void> {
      if (state !== 'started') return
      const data = encodePresence(name, own, asks, init.standing?.(), init.invite)
      const { recipients } = await pubsub.publish(topic, data)
      sentBytes += recipients.length * data.length
    }

    /**
     * Answers somebody at a barrier; many at once with one message. While we are at a barrier and repeat ourselves
     * anyway, only a newcomer is answered, who has missed what we said before.
     */
    function repeatSoon(isNewcomer: boolean): void {
      if ((barriers > 0 && !isNewcomer) || answer !== undefined || state !== 'started') return
      answer = setTimeout(() => {
        answer = undefined
        // Whoever waits asks again.
        tell().catch(() => {})
      }, repeatMs / 2)
    }

    /** A little earlier or later each time: those who began together are not to speak together for ever. */
    function beatLater(beatMs: number): void {
      beat = setTimeout(
        () => {
          tell().catch(() => {})
          waiters.look()
          beatLater(beatMs)
        },
        beatMs * (0.9 + 0.2 * Math.random()),
      )
    }

    return {
      async start() {
        if (state !== 'idle') return
        state = 'started'
        pubsub.topicValidators.set(topic, validate)
        countNoMore = onForged(pubsub, topic, () => rejected.add('FORGED'))
        pubsub.subscribe(topic)
        if (init.beatMs !== undefined) beatLater(init.beatMs)
      },
      async stop() {
        if (state === 'started') {
          pubsub.unsubscribe(topic)
          pubsub.topicValidators.delete(topic)
          countNoMore()
          clearTimeout(answer)
          clearTimeout(beat)
        }
        state = 'stopped'
        waiters.end(new Error('Presence was stopped'))
      },
      expect: heard.expect,
      async publish(report) {
        own = report
        await tell()
      },
      speak: ({ asks = false } = {}) => tell(asks),
      heard: () => heard.reports,
      live: () => [...heard.reports.keys()].filter(heard.isLive),
      async until(is, signal) {
        await waiters.until(is, signal)
      },
      async waitFor(peers, signal) {
        signal.throwIfAborted()
        const self = node.peerId.toString()
        const others = peers.filter(peer => peer !== self)
        let timer: NodeJS.Timeout | undefined
        const repeat = (delayMs: number): void => {
          // A failed try is followed by the next one.
          void tell().catch(() => {})
          timer = setTimeout(() => repeat(Math.min(2 * delayMs, presenceProtocol.repeatsApart * repeatMs)), delayMs)
        }
        barriers += 1
        repeat(repeatMs)
        try {
          await waiters.until(() => others.every(peer => heard.reports.has(peer)), signal)
        } finally {
          clearTimeout(timer)
          barriers -= 1
        }
        // Those for whom we were the last need not wait for their next repeat.
        await tell().catch(() => {})
      },
      get counters() {
        return { sentBytes, accepted, rejected: rejected.toRecord() }
      },
    }
  }
}
