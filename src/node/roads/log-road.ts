import { peerIdFromString } from '@libp2p/peer-id'
import { equals } from 'uint8arrays/equals'
import { bytesOfScalars, scalarsOfBytes } from '../../codec/index.js'
import { createDeadline } from '../../deadline.js'
import {
  createLog,
  digestOf,
  type HearsayHost,
  type LogPlace,
  type PeerIdStr,
  type Presence,
  type ScalarLog,
  type StatePayload,
} from '../../gossip/index.js'
import type { Hearing, LogRoad, Measured, Neighbourhood, Snapshot } from '../../methods/index.js'
import { bytesOf, type HeadSection } from '../../tensors/index.js'
import type { Member } from '../membership/member.js'
import { createHeadsHeard } from './heads-heard.js'
import { LogAgreement } from './log-agreement.js'
import type { PublicRoadInit } from './public-road.js'
import { hearingOf } from './records-heard.js'
import { createRequests, peersToAsk } from './requests.js'
import type { Beginning, Road } from './road.js'
import { SharedSnapshot } from './shared-snapshot.js'

export interface LogRoadInit extends Omit<PublicRoadInit, 'layout'> {
  /** What one peer publishes in a round. */
  readonly scalars: number
  /** Rounds from one snapshot to the next. */
  readonly every: number
  /** The shared part of the model, of which snapshots are. */
  readonly head: HeadSection
}

/** The road of scalars: see {@link LogRoad}. docs/one-byte.md has the protocol. */
export interface ScalarRoad extends Road<'log'> {
  expect(members: readonly Member[]): void
  offer(round: number, values: Float32Array): Promise<void>
  catchUp(signal: AbortSignal): Promise<void>
}

export function createLogRoad(init: LogRoadInit, node: HearsayHost, presence: Presence): ScalarRoad {
  return new Logging(init, node, presence)
}

class Logging implements ScalarRoad {
  readonly kind = 'log'
  readonly road: LogRoad
  private readonly published: ScalarLog
  private readonly hearing
  private readonly requests = createRequests(signal => this.askAny(signal))
  private readonly snapshot: SharedSnapshot
  private readonly agreement: LogAgreement
  private isUnderWay = false
  private begun: Beginning | undefined
  private inRound = 0
  /** When this peer said its last word for the first time, by `performance.now()`. */
  private settling: number | undefined

  constructor(
    private readonly init: LogRoadInit,
    private readonly node: HearsayHost,
    private readonly presence: Presence,
  ) {
    const { manifest, access, invite, isDeafTo } = init
    this.snapshot = new SharedSnapshot({
      node,
      runId: init.runId,
      layout: init.head.layout,
      normLimit: manifest.limits.headNorm,
      every: init.every,
      deadlines: init.timing.state,
      buffers: init.buffers,
    })
    this.hearing = createHeadsHeard({ presence, patience: init.patience, lockstep: init.lockstep })
    this.published = createLog({
      runId: init.runId,
      rounds: manifest.rounds,
      scalars: init.scalars,
      privateKey: init.identity.privateKey,
      // Two behind the snapshot that is to come, and one that a quick peer may be ahead.
      reach: 3 * init.every,
      timing: init.timing,
      onRecord: (author, round) => this.heard(author, round),
      ...(access && { admits: access.admitsAuthor }),
      ...(invite && { invite }),
      ...(isDeafTo && { isLost: isDeafTo }),
    })({ node })
    const { published, snapshot, hearing } = this
    this.agreement = new LogAgreement({
      ...{ published, hearing, presence, lockstep: init.lockstep },
      isUnlike: peer => this.isUnlike(peer),
    })
    this.road = {
      get snapshot() {
        return snapshot.now
      },
      beginWith: snapshot => this.beginWith(snapshot),
      measured: round => this.measured(round),
      takeChanged: () => published.records.takeChanged(),
      publish: (...said) => this.publish(...said),
      settle: (...said) => this.settle(...said),
      kept: () => published.kept(),
      recall: (snapshot, kept) => {
        this.beginWith(snapshot)
        published.recall(kept)
      },
    }
  }

  start(): Promise<void> {
    return this.published.start()
  }

  stop(): Promise<void> {
    return this.published.stop()
  }

  begin(beginning: Beginning): void {
    this.begun = beginning
  }

  at(round: number): void {
    this.inRound = round
  }

  expect(members: readonly Member[]): void {
    this.published.expect(members.map(({ peerId }) => peerId))
  }

  /** A peer that comes back gives newcomers its snapshot, whatever its model is by now. */
  async offer(): Promise<void> {
    this.isUnderWay = true
    await this.snapshot.encode()
  }

  async catchUp(signal: AbortSignal): Promise<void> {
    await this.takeOver({ reached: 0, isBack: true }, signal)
    await this.askAny(signal)
  }

  latest(): StatePayload | undefined {
    return this.isUnderWay ? this.snapshot.payload : undefined
  }

  log(behind?: LogPlace): Uint8Array | undefined {
    return this.published.part(behind)
  }

  /** Resolves at once: gossipsub has what was published. */
  async idle(): Promise<void> {}

  get counters(): Road['counters'] {
    return this.published.counters
  }

  private async publish(
    round: number,
    scalars: Float32Array,
    head: Float32Array,
    where: Neighbourhood,
    signal: AbortSignal,
  ): Promise<Hearing> {
    const { lockstep, forge } = this.init
    await lockstep?.whenEnded(round - 1, signal)
    const said = (await forge?.({ round, step: 0 }, scalars, where, signal)) ?? scalars
    if (!(said instanceof Float32Array)) throw new TypeError('what is published is one vector')
    await this.offer()
    const model = await this.say(round, bytesOfScalars(said), head)
    const others = this.agreement.others(where)
    await this.requests.during(until => this.hearing.whenAll(others, round, until), signal)
    await this.takeOver({ reached: round, isBack: false }, signal)
    await this.agreement.compare(others, round, model, signal)
    return this.hearingOf(where, round)
  }

  private async settle(head: Float32Array, where: Neighbourhood, signal: AbortSignal): Promise<boolean> {
    const { manifest, lockstep } = this.init
    const { rounds, limits } = manifest
    const { records } = this.published
    const model = await this.say(rounds, new Uint8Array(), head)
    const others = this.agreement.others(where)
    // One for the whole end: whoever says something else again and again gets no more of it.
    this.settling ??= performance.now()
    const leftMs = limits.exchangeSeconds * 1000 - (performance.now() - this.settling)
    if (lockstep === undefined && leftMs <= 0) return true
    const deadline = createDeadline(signal)
    if (lockstep === undefined) deadline.within(leftMs, new Error('They did not agree in time'))
    try {
      await this.requests.during(until => this.hearing.whenAll(others, rounds, until), deadline.signal)
      return await this.agreement.untilAlike(others, rounds, model, deadline.signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!deadline.signal.aborted) throw error
      return !records.hasChanged
    } finally {
      deadline.abort(new Error('The wait is over'))
      deadline.clear()
    }
  }

  /** @returns the digest of the model */
  private async say(round: number, scalars: Uint8Array, head: Float32Array): Promise<Uint8Array> {
    const model = await digestOf(bytesOf(head))
    await this.published.publish({ round, scalars, model, sumDigest: this.init.sumDigest?.() })
    return model
  }

  private heard(author: PeerIdStr, round: number): void {
    this.requests.came()
    this.hearing.heard(author, round)
    this.agreement.heard()
  }

  /** Records by another sum are of other weights than ours. */
  private measured(round: number): Measured[] {
    const own = this.init.sumDigest?.()
    return this.published.records
      .sorted(round)
      .filter(({ sumDigest }) => equals(sumDigest ?? noSum, own ?? noSum))
      .map(({ author, scalars }) => ({ peer: author, scalars: scalarsOfBytes(scalars) }))
  }

  private beginWith(snapshot: Snapshot): void {
    this.snapshot.now = snapshot
    this.published.records.beginWith(snapshot.round)
  }

  /** Takes over the snapshot of most, where ours is another one, or lies too far back for their log to reach it. */
  private async takeOver(standing: { reached: number; isBack: boolean }, signal: AbortSignal): Promise<void> {
    const reports = this.presence.heard()
    const said = this.presence.live().flatMap(peer => {
      const { head, round: ended } = reports.get(peer)!
      return head === undefined || this.isUnlike(peer) ? [] : [{ peer: peerIdFromString(peer), ...head, ended }]
    })
    const found = await this.snapshot.ofMost(said, standing, signal)
    if (found !== undefined) this.beginWith(found)
  }

  private async askAny(signal: AbortSignal): Promise<void> {
    const { presence, node, init, inRound } = this
    await this.published.catchUp(peersToAsk({ presence, node, lockstep: init.lockstep }, inRound), signal)
  }

  private hearingOf(where: Neighbourhood, round: number): Hearing {
    const { records } = this.published
    return hearingOf(where, round, {
      records,
      isUnlike: id => this.isUnlike(id),
      isThere: this.agreement.isThere(round),
    })
  }

  private isUnlike(id: PeerIdStr): boolean {
    return this.begun?.open?.isUnlike(id) === true
  }
}

/** The digest of a peer in a run without a sum. */
const noSum = new Uint8Array()
