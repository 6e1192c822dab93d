import { setMaxListeners } from 'node:events'
import { TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import type { Codec } from '../../codec/index.js'
import { createDeadline } from '../../deadline.js'
import { ReasonCounts } from '../../reason-counts.js'
import type { Layout } from '../../tensors/index.js'
import type { AuthorVerdict } from '../access/authors.js'
import { type Buffers, createBuffers } from '../head/buffers.js'
import { headFormat } from '../head/format.js'
import type { HearsayHost } from '../host/hearsay-host.js'
import type { PeerIdStr } from '../peer-id.js'
import type { SignedMessage } from '../pubsub/signed-message.js'
import { createTopic, type Topic } from '../pubsub/topic.js'
import type { HeadAnswers, StatePayload } from '../state/server.js'
import { createTaskSet } from '../stream/task-set.js'
import { fieldTiming, type Timing } from '../timing.js'
import { catchUp } from './catch-up.js'
import { createHeadAnswers } from './head-answers.js'
import { createHeadStore, type HeadStore } from './head-store.js'
import { createIntake, type Intake, type IntakeResult } from './intake.js'
import { createOwnHeads, type OwnHeads, type OwnRefusal } from './own-head.js'
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
   * Called with every head that is newer than its author's last one, once it has passed every check. The values are the
   * caller's, on shared memory, and stay as they are. Whether they mean what ours do is for the caller to determine by
   * `sumDigest`: peers that see their data by the same sum as the author get the head from us all the same. Must not
   * throw.
   */
  readonly onHead: (author: PeerIdStr, round: number, values: Float32Array, sumDigest: Uint8Array | undefined) => void
  /**
   * Is an author live? Where there is no room for more authors, those that are gone give way to live ones.
   * @default every author is: when there is no room, another author is refused
   */
  readonly isLive?: (author: PeerIdStr) => boolean
  /**
   * Called for every author, with the invitation in its message, as for its presence.
   * @default every author may publish
   */
  readonly admits?: (author: PeerId, invite: Uint8Array) => AuthorVerdict | Promise<AuthorVerdict>
  /** What this peer shows in its own messages. @default nothing */
  readonly invite?: Uint8Array
  /** By which sum it sees its data (SHA-256); called for each head of its own. @default the run has none */
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

/** What became of a head of ours: it is refused if every other peer would refuse it, as of a diverged model. */
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
  /** Bytes of others' messages, each once, of payloads that were pulled and of answers to `catchUp`. */
  readonly receivedBytes: number
  readonly accepted: number
  /** By {@link PublicationRejection}; a reason that never occurred is absent. */
  readonly rejected: Readonly<Record<string, number>>
}

/** Publishes heads to all peers of a run and takes theirs. */
export interface Publication {
  /** Joins the topic. Idempotent. */
  start(): Promise<void>
  /** Leaves the topic and ends pending work; held heads stay. Idempotent. */
  stop(): Promise<void>
  /**
   * From now on only heads of these are accepted; those of others are dropped. Until it is called, any author's are.
   */
  expect(members: readonly PeerId[]): void
  /**
   * Publishes our head, once a round. It may be overwritten when the promise resolves. To no peer before `start`
   * or after `stop`; it is held for requests all the same.
   */
  publish(round: number, head: Float32Array): Promise<PublishResult>
  /**
   * Requests the heads that these peers hold and we do not, for a peer that joins late or was away. Resolves when they
   * are here or cannot be had.
   *
   * @returns how many heads are new
   * @throws the signal's reason
   */
  catchUp(from: readonly PeerId[], signal: AbortSignal): Promise<number>
  /** Our own newest head, as others were given it. */
  latest(): StatePayload | undefined
  /** The newest head of every other author, of those that have gone too. A snapshot. */
  held(): ReadonlyMap<PeerIdStr, HeldHead>
  /** For `createState`, which answers peers that catch up with us, or pull. */
  readonly answers: HeadAnswers
  /** A snapshot. */
  readonly counters: PublicationCounters
}

const { limits } = publicationProtocol

/**
 * Creates the publication of one peer's heads in one run, over gossipsub; a payload that is too large for a message is
 * announced there and pulled over the state protocol, which must be answered ({@link Publication.answers}).
 *
 * @throws RangeError for a run id of another length, or a key that is not the node's
 */
export function createPublication(init: PublicationInit): (components: { node: HearsayHost }) => Publication {
  if (init.runId.length !== 32) throw new RangeError(`A run id has 32 bytes, not ${init.runId.length}`)
  return ({ node }) => {
    if (node.peerId.publicKey?.equals(init.privateKey.publicKey) !== true)
      throw new RangeError('The key is not the node’s own')
    return new GossipPublication(node, init)
  }
}

class GossipPublication implements Publication {
  readonly answers: HeadAnswers
  readonly #runId: Uint8Array
  readonly #node: HearsayHost
  readonly #timing: NonNullable<PublicationInit['timing']>
  readonly #payloadBytes: number
  readonly #store: HeadStore
  readonly #ownHeads: OwnHeads
  readonly #intake: Intake
  readonly #topic: Topic
  readonly #topicName: string
  readonly #rejected = new ReasonCounts<PublicationRejection>()
  readonly #tasks = createTaskSet()
  readonly #stopping = new AbortController()
  #members: ReadonlySet<PeerIdStr> | undefined
  #sentBytes = 0
  #receivedBytes = 0
  #accepted = 0

  constructor(node: HearsayHost, init: PublicationInit) {
    const { timing = fieldTiming, isLive = () => true, admits = () => 'yes' } = init
    const runId = new Uint8Array(init.runId)
    const topic = headsTopic(runId)
    const buffers = init.buffers ?? createBuffers()
    const format: PublishedFormat = { rounds: init.rounds, head: headFormat(init.layout, init.codec) }
    const { payloadBytes, arrivedBytes } = format.head
    const room = Math.min(limits.authors, Math.floor(limits.storeBytes / (payloadBytes + arrivedBytes)))
    // Every pull listens to it, as many as there are authors.
    setMaxListeners(0, this.#stopping.signal)
    this.#node = node
    this.#runId = runId
    this.#timing = timing
    this.#payloadBytes = payloadBytes
    this.#store = createHeadStore(Math.max(1, init.authors ?? room), isLive)
    this.#ownHeads = createOwnHeads({ ...init, format, buffers, topic, self: node.peerId })
    this.answers = createHeadAnswers(node.peerId, topic, this.#store, this.#ownHeads.latest)
    this.#intake = createIntake({
      format,
      normLimit: init.normLimit,
      buffers,
      store: this.#store,
      pulls: createPulls({ node, runId, payloadBytes, onLiar: () => this.#rejected.add('WRONG_DIGEST'), timing }),
      headsPerSecond: timing.headsPerSecond,
      admits,
      isMember: author => this.#members?.has(author) ?? true,
      onHead: (...head) => {
        this.#accepted += 1
        init.onHead(...head)
      },
      onRejected: reason => this.#rejected.add(reason),
      onPulled: bytes => this.#count(bytes),
    })
    this.#topicName = topic
    this.#topic = createTopic(node, {
      name: topic,
      validate: (message, sender) => this.#tasks.track(this.#validate(message, sender)),
      onForged: () => this.#rejected.add('FORGED'),
    })
  }

  get counters(): PublicationCounters {
    return {
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      accepted: this.#accepted,
      rejected: this.#rejected.toRecord(),
    }
  }

  async start(): Promise<void> {
    this.#topic.join()
  }

  async stop(): Promise<void> {
    this.#topic.leave()
    this.#stopping.abort(new Error('Publication was stopped'))
    await this.#tasks.settled()
  }

  expect(expected: readonly PeerId[]): void {
    this.#members = new Set(expected.map(peer => peer.toString()))
    this.#store.keepOnly(this.#members)
  }

  async publish(round: number, head: Float32Array): Promise<PublishResult> {
    const own = await this.#ownHeads.make(round, head)
    if (typeof own === 'string') return { ok: false, reason: own }
    const recipients = await this.#topic.publish(own.data)
    const bytes = recipients * own.data.length
    this.#sentBytes += bytes
    return { ok: true, recipients, bytes }
  }

  async catchUp(from: readonly PeerId[], signal: AbortSignal): Promise<number> {
    const deadline = createDeadline(signal, this.#stopping.signal)
    const init = {
      node: this.#node,
      runId: this.#runId,
      topic: this.#topicName,
      payloadBytes: this.#payloadBytes,
      store: this.#store,
      receive: (message: SignedMessage, peer: PeerId) => this.#receive(message, peer, true),
      onReceived: (bytes: number) => this.#count(bytes),
      onRejected: (reason: PublicationRejection) => this.#rejected.add(reason),
      deadlines: this.#timing.state,
    }
    try {
      return await this.#tasks.track(catchUp(init, from, deadline.signal))
    } finally {
      deadline.clear()
    }
  }

  latest(): StatePayload | undefined {
    return this.#ownHeads.latest()
  }

  held(): ReadonlyMap<PeerIdStr, HeldHead> {
    return new Map(this.#store.heads().map(({ author, round, values }) => [author.toString(), { round, values }]))
  }

  #count(receivedBytes: number): void {
    this.#receivedBytes += receivedBytes
  }

  async #validate(message: SignedMessage, sender: PeerId): Promise<TopicValidatorResult> {
    this.#count(message.data.length)
    const { reason, isLie } = await this.#receive(message, sender, false)
    if (reason === undefined) return TopicValidatorResult.Accept
    return isLie ? TopicValidatorResult.Reject : TopicValidatorResult.Ignore
  }

  async #receive(message: SignedMessage, from: PeerId, isAskedFor: boolean): Promise<IntakeResult> {
    const result = await this.#intake.receive(message, from, isAskedFor, this.#stopping.signal)
    this.#tasks.detach(result.arrived)
    if (result.reason !== undefined) this.#rejected.add(result.reason)
    return result
  }
}
