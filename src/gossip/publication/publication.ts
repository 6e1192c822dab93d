import { setMaxListeners } from 'node:events'
import { type Message, TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import type { Codec } from '../../codec/index.js'
import { createDeadline } from '../../deadline.js'
import type { Layout } from '../../tensors/index.js'
import type { AuthorVerdict } from '../access/authors.js'
import { type Buffers, createBuffers } from '../head/buffers.js'
import { headFormat } from '../head/format.js'
import type { HearsayHost } from '../host/host.js'
import type { PeerIdStr } from '../peer-id.js'
import { onForged } from '../pubsub/forgeries.js'
import type { SignedMessage } from '../pubsub/signed-message.js'
import { ReasonCounts } from '../reason-counts.js'
import type { HeadAnswers, StatePayload } from '../state/server.js'
import { createUnderWay } from '../stream/task-set.js'
import { fieldTiming, type Timing } from '../timing.js'
import { catchUp } from './catch-up.js'
import { createHeadAnswers } from './head-answers.js'
import { createHeadStore } from './head-store.js'
import { createTaking, type Taken } from './intake.js'
import { makeOwnHead, type OwnHead, type OwnRefusal } from './own-head.js'
import { headsTopic, publicationProtocol } from './protocol.js'
import type { PublicationRejection, PublishedFormat } from './published-head.js'
import { createPulls } from './pulls.js'

export interface PublicationInit {
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** How many rounds the run has; a head of a later one is a lie. */
  readonly rounds: number
  /** Ed25519, of the node: signs what newcomers get of our own head. */
  readonly privateKey: PrivateKey
  /** Layout of the head. */
  readonly layout: Layout
  /** How the numbers travel; another peer's must be the same. @default f32 */
  readonly codec?: Codec
  /** Largest Euclidean norm of a head that is taken, and published. */
  readonly normLimit: number
  /**
   * Told of every head that is newer than what was here of its author, once it has passed every check. The values are
   * nobody else's, on shared memory, and stay as they are. Whether they mean what ours do is for the caller to see by
   * `sumDigest`: those who see their data by the same sum as the author get the head from us all the same. Must not throw.
   */
  readonly onHead: (author: PeerIdStr, round: number, values: Float32Array, sumDigest: Uint8Array | undefined) => void
  /**
   * Is an author there? Where there is no room for more authors, those who are gone give way to those who are there.
   * @default everybody is: who comes when there is no room is refused
   */
  readonly isLive?: (author: PeerIdStr) => boolean
  /**
   * Asked for every author, with the invitation in its message, as for its presence.
   * @default everybody may publish
   */
  readonly admits?: (author: PeerId, invite: Uint8Array) => AuthorVerdict | Promise<AuthorVerdict>
  /** What this peer shows in its own messages. @default nothing */
  readonly invite?: Uint8Array
  /** By which sum it sees its data (SHA-256), asked for each head of its own. @default the run has none */
  readonly sumDigest?: () => Uint8Array | undefined
  /**
   * Authors whose heads are kept.
   * @default 1,024, or as many as fit a gigabyte; more where more members are known
   */
  readonly authors?: number
  /** @default fieldTiming */
  readonly timing?: Pick<Timing, 'pullMs' | 'headsPerSecond' | 'state'>
  /** @default its own; peers of one process may share them */
  readonly buffers?: Buffers
}

/** What became of a head of ours: refused is what everybody would refuse, as a diverged model. */
export type PublishResult =
  | { readonly ok: true; readonly recipients: number; readonly bytes: number }
  | { readonly ok: false; readonly reason: OwnRefusal }

/** An author's newest head. */
export interface HeldHead {
  readonly round: number
  /** On shared memory. */
  readonly values: Float32Array
}

/** What was published so far. */
export interface PublicationCounters {
  /** Bytes of our own messages times those we sent them to; what the mesh forwards, and answers, are not counted. */
  readonly sentBytes: number
  /** Bytes of others' messages, each once, of payloads that were pulled and of what others told us to catch up. */
  readonly receivedBytes: number
  readonly accepted: number
  /** By {@link PublicationRejection}; a reason that never occurred is absent. */
  readonly rejected: Readonly<Record<string, number>>
}

/** Publishes heads to all peers of a run and takes theirs. */
export interface Publication {
  /** Joins the topic. Twice is once. */
  start(): Promise<void>
  /** Leaves the topic and ends what is under way; what is held stays. Twice is once. */
  stop(): Promise<void>
  /** From now on only these are heard; heads of others are forgotten. Until it is called, anybody is. */
  expect(members: readonly PeerId[]): void
  /**
   * Tells everybody of our head, once a round. It may be overwritten when the promise resolves. To nobody before `start`
   * or after `stop`; it is held for who asks all the same.
   */
  publish(round: number, head: Float32Array): Promise<PublishResult>
  /**
   * Gets what these peers hold and we do not: for who comes late, or was away. Resolves when it is here or cannot be had.
   *
   * @returns how many heads are new
   * @throws the signal's reason
   */
  catchUp(from: readonly PeerId[], signal: AbortSignal): Promise<number>
  /** Our own newest head, as others were given it. */
  latest(): StatePayload | undefined
  /** The newest head of every other author, of those that have gone too. A snapshot. */
  held(): ReadonlyMap<PeerIdStr, HeldHead>
  /** For `createState`, which answers those who catch up with us, or pull. */
  readonly answers: HeadAnswers
  /** A snapshot. */
  readonly counters: PublicationCounters
}

const { limits } = publicationProtocol

/**
 * Creates what publishes one peer's heads in one run, over gossipsub; what is too large for it is announced there and
 * pulled over the state protocol, which must be answered ({@link Publication.answers}).
 */
export function createPublication(init: PublicationInit): (components: { node: HearsayHost }) => Publication {
  if (init.runId.length !== 32) throw new RangeError(`A run id has 32 bytes, not ${init.runId.length}`)
  const { normLimit, rounds, invite, timing = fieldTiming } = init
  const runId = new Uint8Array(init.runId)
  const format: PublishedFormat = { rounds, head: headFormat(init.layout, init.codec) }
  const { payloadBytes, arrivedBytes } = format.head
  const topic = headsTopic(runId)
  const buffers = init.buffers ?? createBuffers()
  const room = Math.min(limits.authors, Math.floor(limits.storeBytes / (payloadBytes + arrivedBytes)))

  return ({ node }) => {
    if (node.peerId.publicKey?.equals(init.privateKey.publicKey) !== true)
      throw new RangeError('The key is not the node’s own')
    const { pubsub } = node.services
    const rejected = new ReasonCounts<PublicationRejection>()
    const store = createHeadStore(Math.max(1, init.authors ?? room), init.isLive ?? (() => true))
    const { track, ended } = createUnderWay()
    const stopping = new AbortController()
    // Every pull listens to it, as many as there are authors.
    setMaxListeners(0, stopping.signal)
    let state: 'idle' | 'started' | 'stopped' = 'idle'
    let members: ReadonlySet<PeerIdStr> | undefined
    let own: OwnHead | undefined
    const { privateKey, sumDigest = () => undefined } = init
    const ownInit = { format, normLimit, buffers, invite, sumDigest, topic, privateKey, self: node.peerId }
    let countNoMore = (): void => {}
    let sentBytes = 0
    let receivedBytes = 0
    let accepted = 0

    const count = (bytes: number): void => {
      receivedBytes += bytes
    }
    const onRejected = (reason: PublicationRejection): void => rejected.add(reason)
    const pulls = createPulls({
      node,
      runId,
      payloadBytes,
      onLiar: () => onRejected('WRONG_DIGEST'),
      timing,
    })
    const taking = createTaking({
      format,
      normLimit,
      buffers,
      store,
      pulls,
      headsPerSecond: timing.headsPerSecond,
      admits: init.admits ?? (() => 'yes'),
      isMember: author => members?.has(author) ?? true,
      onHead(author, round, values, sumDigest) {
        accepted += 1
        init.onHead(author, round, values, sumDigest)
      },
      onRejected,
      onPulled: count,
    })

    async function take(message: SignedMessage, from: PeerId, isAsked: boolean): Promise<Taken> {
      const taken = await taking.take(message, from, isAsked, stopping.signal)
      void track(taken.arrived)
      if (taken.reason !== undefined) onRejected(taken.reason)
      return taken
    }

    // gossipsub has checked the author's signature before it asks. What is refused here is neither kept nor passed on.
    async function validate(sender: PeerId, message: Message): Promise<TopicValidatorResult> {
      if (message.type !== 'signed' || message.from.equals(node.peerId)) return TopicValidatorResult.Ignore
      const { from: author, sequenceNumber: sequence, data, signature } = message
      count(data.length)
      const { reason, isLie } = await track(take({ author, sequence, data, signature }, sender, false))
      if (reason === undefined) return TopicValidatorResult.Accept
      return isLie ? TopicValidatorResult.Reject : TopicValidatorResult.Ignore
    }

    return {
      async start() {
        if (state !== 'idle') return
        state = 'started'
        pubsub.topicValidators.set(topic, validate)
        countNoMore = onForged(pubsub, topic, () => onRejected('FORGED'))
        pubsub.subscribe(topic)
      },
      async stop() {
        if (state === 'started') {
          pubsub.unsubscribe(topic)
          pubsub.topicValidators.delete(topic)
          countNoMore()
        }
        state = 'stopped'
        stopping.abort(new Error('Publication was stopped'))
        await ended()
      },
      expect(expected) {
        members = new Set(expected.map(peer => peer.toString()))
        store.keepOnly(members)
      },
      async publish(round, head) {
        const made = await makeOwnHead(ownInit, round, head)
        if (typeof made === 'string') return { ok: false, reason: made }
        own = made
        if (state !== 'started') return { ok: true, recipients: 0, bytes: 0 }
        const { recipients } = await pubsub.publish(topic, made.data)
        const bytes = recipients.length * made.data.length
        sentBytes += bytes
        return { ok: true, recipients: recipients.length, bytes }
      },
      async catchUp(from, signal) {
        const deadline = createDeadline(signal, stopping.signal)
        try {
          return await track(
            catchUp(
              {
                node,
                runId,
                topic,
                payloadBytes,
                store,
                take: (message, peer) => take(message, peer, true),
                onReceived: count,
                onRejected,
                deadlines: timing.state,
              },
              from,
              deadline.signal,
            ),
          )
        } finally {
          deadline.clear()
        }
      },
      latest: () => own,
      held: () => new Map(store.heads().map(({ author, round, values }) => [author.toString(), { round, values }])),
      answers: createHeadAnswers(node.peerId, topic, store, () => own),
      get counters() {
        return { sentBytes, receivedBytes, accepted, rejected: rejected.toRecord() }
      },
    }
  }
}
