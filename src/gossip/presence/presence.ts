import { TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { ReasonCounts } from '../../reason-counts.js'
import { createWaiters } from '../../until.js'
import type { AuthorVerdict } from '../access/authors.js'
import type { HearsayHost } from '../host/hearsay-host.js'
import type { PeerIdStr } from '../peer-id.js'
import type { SignedMessage } from '../pubsub/signed-message.js'
import { createTopic } from '../pubsub/topic.js'
import { Announcer } from './announcer.js'
import { presenceProtocol, presenceTopic } from './protocol.js'
import { createPresenceRecords } from './records.js'
import {
  checkName,
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
  /** Called with every new report, after it is in `heard()`. Must not throw. */
  readonly onReport?: (peer: PeerIdStr, report: HeardReport) => void
  /** The place of this peer in the run, read for each record. @default plainStanding */
  readonly standing?: () => Standing
  /**
   * Milliseconds between two records when nothing is new; peers that are silent three times as long are no longer
   * `live`. Left out, no peer expires: a simulation knows which peers are gone.
   */
  readonly beatMs?: number
  /**
   * Called for every record, with the invitation in it: authors need not be connected to us, and what others pass on of
   * them is not to be believed unless they may take part.
   * @default every author may
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

/** Which peers are live, and in which round each is. */
export interface Presence {
  /** Joins the topic. Idempotent. */
  start(): Promise<void>
  /** Leaves the topic and ends every `waitFor`. Idempotent. */
  stop(): Promise<void>
  /**
   * From now on only records of these are accepted; those of others are dropped. Until it is called, any author's are.
   */
  expect(members: readonly PeerId[]): void
  /** Publishes a report. Later reports must not have a lower round. Nothing happens before `start` or after `stop`. */
  publish(report: RoundReport): Promise<void>
  /** Repeats the last report; with `asks` others repeat theirs. Nothing happens before `start` or after `stop`. */
  speak(options?: { readonly asks?: boolean }): Promise<void>
  /** The latest report of every other peer, of those that have gone too. A live view. */
  heard(): ReadonlyMap<PeerIdStr, HeardReport>
  /** The other peers that are live: heard of within three beats, and not leaving. */
  live(): PeerIdStr[]
  /** Milliseconds since a peer's last record; undefined of one that was never heard. */
  silentMs(peer: PeerIdStr): number | undefined
  /** Resolves when `is` holds, which is evaluated at every record and every beat. @throws the signal's reason */
  until(is: () => boolean, signal: AbortSignal): Promise<void>
  /**
   * Resolves when all of `peers` were heard at least once; until then our own record is repeated, and a peer that
   * receives it repeats its own, so that a peer that joined late does not wait for a record that was published before.
   * @throws the signal's reason
   */
  waitFor(peers: readonly PeerIdStr[], signal: AbortSignal): Promise<void>
  /** A snapshot. */
  readonly counters: PresenceCounters
}

/** `isLie`: no honest peer would have passed the record on. `undefined`: the record is added. */
type Verdict = { readonly reason: PresenceRejection; readonly isLie?: boolean } | undefined

/** Creates the presence of one peer in one run, over gossipsub. */
export function createPresence(init: PresenceInit): (components: { node: HearsayHost }) => Presence {
  const name = checkName(init.name)
  return ({ node }) => {
    const records = createPresenceRecords(init.beatMs, init.reportsPerSecond)
    const waiters = createWaiters()
    const rejected = new ReasonCounts<PresenceRejection>()
    let own: RoundReport = { round: 0, samples: 0 }
    let sentBytes = 0
    let accepted = 0

    async function validate(message: SignedMessage, sender: PeerId): Promise<TopicValidatorResult> {
      const verdict = await judge(message, sender)
      if (verdict === undefined) {
        accepted += 1
        return TopicValidatorResult.Accept
      }
      rejected.add(verdict.reason)
      return verdict.isLie === true ? TopicValidatorResult.Reject : TopicValidatorResult.Ignore
    }

    async function judge({ author, sequence, data }: SignedMessage, sender: PeerId): Promise<Verdict> {
      const peer = author.toString()
      if (!records.isMember(peer)) return { reason: 'NOT_A_MEMBER' }
      // Before any check that costs more. A flood is one only if its author itself sends it.
      if (records.isTooOften(peer)) return { reason: 'TOO_OFTEN', isLie: sender.equals(author) }
      const decoded = decodePresence(data, init.rounds)
      if (!decoded.ok) {
        const { reason } = decoded
        return { reason, isLie: reason === 'OVERSIZE' || reason === 'MALFORMED' }
      }
      const admitted = (await init.admits?.(author, decoded.invite)) ?? 'yes'
      if (admitted !== 'yes') return { reason: 'NOT_ADMITTED', isLie: admitted === 'never' }
      const isNewcomer = !records.reports.has(peer)
      const reason = records.add(peer, decoded.report, sequence)
      if (reason !== undefined) return { reason }
      init.onReport?.(peer, decoded.report)
      waiters.look()
      if (decoded.waiting) announcer.answerSoon(isNewcomer)
      return undefined
    }

    const topic = createTopic(node, {
      name: presenceTopic(init.runId),
      validate,
      onForged: () => rejected.add('FORGED'),
    })
    const announcer = new Announcer({
      async publish(asks) {
        if (!topic.isJoined) return
        const data = encodePresence(name, own, asks, init.standing?.(), init.invite)
        sentBytes += (await topic.publish(data)) * data.length
      },
      onBeat: waiters.look,
      beatMs: init.beatMs,
      repeatMs: init.repeatMs ?? presenceProtocol.repeatMs,
    })

    return {
      async start() {
        if (topic.isJoined) return
        topic.join()
        if (topic.isJoined) announcer.start()
      },
      async stop() {
        topic.leave()
        announcer.stop()
        waiters.end(new Error('Presence was stopped'))
      },
      expect: records.expect,
      async publish(report) {
        own = report
        await announcer.publish()
      },
      speak: ({ asks = false } = {}) => announcer.publish(asks),
      heard: () => records.reports,
      live: () => [...records.reports.keys()].filter(records.isLive),
      silentMs: records.silentMs,
      async until(is, signal) {
        await waiters.until(is, signal)
      },
      async waitFor(peers, signal) {
        signal.throwIfAborted()
        const self = node.peerId.toString()
        const others = peers.filter(peer => peer !== self)
        await announcer.barrier(() => waiters.until(() => others.every(peer => records.reports.has(peer)), signal))
      },
      get counters() {
        return { sentBytes, accepted, rejected: rejected.toRecord() }
      },
    }
  }
}
