import { TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { createDeadline } from '../../deadline.js'
import { ReasonCounts } from '../../reason-counts.js'
import { inTurn } from '../../turns.js'
import type { AuthorVerdict } from '../access/authors.js'
import { throwBug } from '../bug.js'
import type { HearsayHost } from '../host/hearsay-host.js'
import type { PeerIdStr } from '../peer-id.js'
import { createRateLimit } from '../pubsub/rate-limit.js'
import { decodeSigned, rawKeyOf, readSigned, type SignedMessage, signMessage } from '../pubsub/signed-message.js'
import { createTopic, type Topic } from '../pubsub/topic.js'
import { requestWhenFree } from '../state/client.js'
import { createTaskSet } from '../stream/task-set.js'
import { fieldTiming, type Timing } from '../timing.js'
import { decodeEntry, decodePart, encodeEntry, encodePart, encodeWhole } from './part.js'
import { isBehind, type LogPlace } from './place.js'
import { logProtocol, logTopic } from './protocol.js'
import {
  decodeRecord,
  encodeRecord,
  isLie,
  type LogRejection,
  type MeasuredRecord,
  type RecordFormat,
} from './record.js'
import { Records, type SignedRecord } from './records.js'

export interface LogInit extends RecordFormat {
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** Ed25519, of the node: signs what newcomers get of our own records. */
  readonly privateKey: PrivateKey
  /** How many rounds are kept, from the snapshot's on. */
  readonly reach: number
  /** Called with every record that is new, or of a round too far ahead to be kept. Must not throw. */
  readonly onRecord: (author: PeerIdStr, round: number) => void
  /** Called for every author, with the invitation in its record. @default every author may publish */
  readonly admits?: (author: PeerId, invite: Uint8Array) => AuthorVerdict | Promise<AuthorVerdict>
  readonly invite?: Uint8Array
  /** Is the record lost on its way by the mesh? A simulated fault. @default none is */
  readonly isLost?: (author: PeerIdStr) => boolean
  readonly timing?: Pick<Timing, 'recordsPerSecond' | 'state'>
}

/** Publishes what this peer measures, and collects what all measure. */
export interface ScalarLog {
  /** Joins the topic. Idempotent. */
  start(): Promise<void>
  /** Leaves the topic and ends pending work. Idempotent. */
  stop(): Promise<void>
  /** From now on only records of these are accepted; those of others are dropped. */
  expect(members: readonly PeerId[]): void
  /** Adds our record and publishes it. */
  publish(record: MeasuredRecord): Promise<void>
  /**
   * Requests the logs of these peers, and takes of each what is not here: every record's signature is verified, so that no
   * peer has to be trusted. One that does not answer, or lies, costs only its own answer.
   *
   * @throws the signal's reason
   */
  catchUp(from: readonly PeerId[], signal: AbortSignal): Promise<void>
  readonly records: Records
  /**
   * Records as they travel, as many as a part holds.
   *
   * @param behind - the place of the last one that the other peer has. @default the first part
   * @returns undefined where there is none
   */
  part(behind?: LogPlace): Uint8Array | undefined
  /** All records in one piece, to be kept. */
  kept(): Uint8Array
  /** Takes back what {@link kept} was, of this peer's own disk: signatures are not verified. */
  recall(bytes: Uint8Array): void
  /** A snapshot. */
  readonly counters: {
    readonly sentBytes: number
    readonly receivedBytes: number
    readonly rejected: Readonly<Record<string, number>>
  }
}

const { limits, askedAtOnce } = logProtocol

/** Not counted where a peer passes on its log: it is at another place of the run, or knows the same as we do. */
const isNoFault: ReadonlySet<LogRejection> = new Set(['DUPLICATE', 'STALE_ROUND', 'TOO_EARLY'])

/** @throws RangeError for a run id of another length, or more scalars than a record holds */
export function createLog(init: LogInit): (components: { node: HearsayHost }) => ScalarLog {
  if (init.runId.length !== 32) throw new RangeError(`A run id has 32 bytes, not ${init.runId.length}`)
  if (init.scalars > limits.scalars) throw new RangeError(`${init.scalars} scalars; a record holds ${limits.scalars}`)
  return ({ node }) => new GossipLog(node, init)
}

class GossipLog implements ScalarLog {
  readonly records: Records
  readonly #node: HearsayHost
  readonly #init: LogInit
  readonly #timing: NonNullable<LogInit['timing']>
  readonly #name: string
  readonly #topic: Topic
  readonly #rate
  readonly #rejected = new ReasonCounts<LogRejection>()
  readonly #tasks = createTaskSet()
  readonly #stopping = new AbortController()
  #sentBytes = 0
  #receivedBytes = 0

  constructor(node: HearsayHost, init: LogInit) {
    this.#node = node
    this.#init = init
    this.#timing = init.timing ?? fieldTiming
    this.records = new Records({ ...init, authors: limits.authors })
    this.#rate = createRateLimit(this.#timing.recordsPerSecond, limits.authors)
    this.#name = logTopic(init.runId)
    this.#topic = createTopic(node, {
      name: this.#name,
      validate: (message, sender) => this.#tasks.track(this.#validate(message, sender)),
      onForged: () => this.#rejected.add('FORGED'),
    })
  }

  get counters(): ScalarLog['counters'] {
    return { sentBytes: this.#sentBytes, receivedBytes: this.#receivedBytes, rejected: this.#rejected.toRecord() }
  }

  async start(): Promise<void> {
    this.#topic.join()
  }

  async stop(): Promise<void> {
    this.#topic.leave()
    this.#stopping.abort(new Error('The log was stopped'))
    await this.#tasks.settled()
  }

  expect(members: readonly PeerId[]): void {
    this.records.keepOnly(new Set([...members, this.#node.peerId].map(String)))
  }

  async publish(record: MeasuredRecord): Promise<void> {
    const { invite, privateKey } = this.#init
    const author = this.#node.peerId
    // A peer that was killed may have published another one for this round: two would void each other.
    const before = this.records.of(record.round, author.toString())
    const isLastWord = record.round === this.#init.rounds
    const word = isLastWord ? (before?.word ?? 0) + 1 : 0
    const again = isLastWord ? undefined : before?.signed.data
    const data = again ?? encodeRecord({ ...record, word, ...(invite && { invite }) })
    // Gossipsub does not return what it has signed. Its sequence numbers too are nanoseconds, and grow.
    const signed = await signMessage(privateKey, author, this.#name, BigInt(Date.now()) * 1_000_000n, data)
    this.records.add({ ...record, word, author: author.toString(), signed, entry: encodeEntry(signed, this.#name) })
    this.#sentBytes += (await this.#topic.publish(data)) * data.length
  }

  async catchUp(from: readonly PeerId[], signal: AbortSignal): Promise<void> {
    const deadline = createDeadline(signal, this.#stopping.signal)
    const waiting = [...from]
    const askOneByOne = async (): Promise<void> => {
      for (let peer = waiting.shift(); peer !== undefined; peer = waiting.shift()) {
        deadline.signal.throwIfAborted()
        await this.#askInTime(peer, deadline.signal).catch(throwBug)
      }
    }
    try {
      await this.#tasks.track(Promise.all(Array.from({ length: askedAtOnce }, askOneByOne)).then(() => {}))
      signal.throwIfAborted()
    } finally {
      deadline.clear()
    }
  }

  part(behind?: LogPlace): Uint8Array | undefined {
    return encodePart(this.records.behind(behind))
  }

  kept(): Uint8Array {
    return encodeWhole(this.records.all())
  }

  recall(bytes: Uint8Array): void {
    for (const entry of decodePart(bytes, bytes.length).entries) {
      const { author, message } = decodeEntry(entry) ?? {}
      if (author === undefined || message === undefined) continue
      const signed = decodeSigned(message, author, this.#name)
      const record = signed && decodeRecord(signed.data, this.#init)
      if (signed !== undefined && typeof record === 'object') this.#keep(signed, record)
    }
  }

  /** A peer has for its parts together as long as for any other answer: else it could hand over one record a minute. */
  async #askInTime(peer: PeerId, signal: AbortSignal): Promise<void> {
    const deadline = createDeadline(signal)
    deadline.within(this.#timing.state.transferMs, new Error('The log took too long to come (transfer)'))
    try {
      await this.#ask(peer, deadline.signal)
    } finally {
      deadline.clear()
    }
  }

  /** Part by part, so that neither side has more than one in hand. */
  async #ask(peer: PeerId, signal: AbortSignal): Promise<void> {
    const { runId } = this.#init
    const question = { what: 'LOG', runId, limitBytes: limits.partBytes } as const
    let last: LogPlace | undefined
    for (let left = this.records.most; left > 0; ) {
      const asked = {
        ...question,
        ...(last && { round: last.round, author: rawKeyOf(peerIdFromString(last.author))! }),
      }
      const { bytes } = await requestWhenFree(this.#node, peer, asked, signal, this.#timing.state)
      this.#receivedBytes += bytes.length
      const { entries, more } = decodePart(bytes)
      const before = last
      for (const entry of entries.slice(0, left)) {
        signal.throwIfAborted()
        // To verify a signature takes a fraction of a millisecond, and a part has many: others' messages go between.
        const place = await inTurn(() => this.#receivePassedOn(entry))
        if (place !== undefined && (last === undefined || isBehind(place, last))) last = place
      }
      left -= entries.length
      // A peer that gives the same part again and again is left, and one that asks for another request without need.
      if (!more || last === before || bytes.length < limits.partBytes / 2) return
    }
  }

  /** @returns its place in a log, where it is a record at all */
  async #receivePassedOn(entry: Uint8Array): Promise<LogPlace | undefined> {
    const { author, message } = decodeEntry(entry) ?? {}
    if (author === undefined || message === undefined) return undefined
    const unread = decodeSigned(message, author, this.#name)
    const record = unread && decodeRecord(unread.data, this.#init)
    const place = typeof record === 'object' ? { round: record.round, author: author.toString() } : undefined
    if (typeof record === 'object' && this.#isOfNoUse({ ...record, author: author.toString(), signed: unread! }))
      return place
    const signed = await readSigned(message, author, this.#name)
    if (signed === undefined) {
      this.#rejected.add('FORGED')
      throw new Error('The peer passes on what the author has not signed')
    }
    const reason = await this.#receive(signed)
    if (reason !== undefined && !isNoFault.has(reason)) this.#rejected.add(reason)
    return place
  }

  #isOfNoUse(unverified: Omit<SignedRecord, 'entry'>): boolean {
    const refusal = this.records.refusalOf(unverified)
    if (refusal === 'NOT_A_MEMBER') this.#rejected.add(refusal)
    // One too early is verified all the same: it tells that its author is there.
    return refusal !== undefined && refusal !== 'TOO_EARLY'
  }

  async #validate(message: SignedMessage, sender: PeerId): Promise<TopicValidatorResult> {
    this.#receivedBytes += message.data.length
    const author = message.author.toString()
    const isTooOften = this.#rate.isExceeded(author)
    // A flood is one only if its author itself sends it.
    if (isTooOften) return this.#refuse('TOO_OFTEN', sender.equals(message.author))
    if (this.#init.isLost?.(author) === true) {
      const record = decodeRecord(message.data, this.#init)
      // In a simulation it counts as heard: all go in step, and the others' logs have it.
      if (typeof record === 'object') this.#init.onRecord(author, record.round)
      return TopicValidatorResult.Accept
    }
    const reason = await this.#receive({ ...message, data: new Uint8Array(message.data) })
    return reason === undefined ? TopicValidatorResult.Accept : this.#refuse(reason, isLie(reason))
  }

  #refuse(reason: LogRejection, isLying: boolean): TopicValidatorResult {
    this.#rejected.add(reason)
    return isLying ? TopicValidatorResult.Reject : TopicValidatorResult.Ignore
  }

  /** @param signed - its signature was verified */
  async #receive(signed: SignedMessage): Promise<LogRejection | undefined> {
    if (rawKeyOf(signed.author) === undefined) return 'MALFORMED'
    const record = decodeRecord(signed.data, this.#init)
    if (typeof record === 'string') return record
    const admitted = (await this.#init.admits?.(signed.author, record.invite ?? new Uint8Array())) ?? 'yes'
    if (admitted !== 'yes') return 'NOT_ADMITTED'
    return this.#keep(signed, record)
  }

  #keep(signed: SignedMessage, record: MeasuredRecord): LogRejection | undefined {
    const author = signed.author.toString()
    const reason = this.records.add({ ...record, author, signed, entry: encodeEntry(signed, this.#name) })
    // One of a round that is not reached yet is not kept, but its author was heard.
    if (reason === undefined || reason === 'TOO_EARLY') this.#init.onRecord(author, record.round)
    return reason
  }
}
