import { equals } from 'uint8arrays/equals'
import { codecOf } from '../../codec/index.js'
import {
  type Access,
  type Buffers,
  createPublication,
  type HeadAnswers,
  type HearsayHost,
  type PeerIdStr,
  type Presence,
  type StatePayload,
  type Timing,
} from '../../gossip/index.js'
import type { Absence, Hearing, Neighbourhood, PublicRoad, Published } from '../../methods/index.js'
import { ReasonCounts } from '../../reason-counts.js'
import type { Layout } from '../../tensors/index.js'
import type { Lockstep } from '../lockstep.js'
import type { Manifest } from '../manifest.js'
import type { Member } from '../membership/member.js'
import type { Identity } from '../network/identity.js'
import type { ExchangeInit } from './exchange.js'
import { createHeadsHeard } from './heads-heard.js'
import { authorsLimit, createNewestHeads } from './newest-heads.js'
import type { Patience } from './patience.js'
import { createRequests, peersToAsk } from './requests.js'
import type { Beginning, Road } from './road.js'

/** The digest of a peer in a run without a sum. */
const noSum = new Uint8Array()

export interface PublicRoadInit {
  readonly manifest: Manifest
  readonly runId: Uint8Array
  readonly identity: Identity
  /** Layout of what is published. */
  readonly layout: Layout
  /** See {@link ExchangeInit}. */
  readonly forge?: ExchangeInit['forge']
  readonly buffers?: Buffers
  readonly access?: Access
  readonly invite?: Uint8Array
  readonly patience: Patience
  /** Peers whose heads never reach this one: a simulated fault. @default none */
  readonly isDeafTo?: ((peer: PeerIdStr) => boolean) | undefined
  readonly timing: Timing
  /** For peers of one process in lockstep. */
  readonly lockstep?: Lockstep | undefined
  /** SHA-256 of the sum that this peer standardises by, once it has one. @default the run has none */
  readonly sumDigest?: () => Uint8Array | undefined
}

/** A received head with the name of its peer. */
export interface NamedHead extends Published {
  readonly name?: string | undefined
}

/** A received head, and the digest of the sum its author standardises by; `own` for a head that was restored. */
interface SummedHead extends Published {
  readonly sumDigest: Uint8Array | 'own' | undefined
}

/** The road to everybody: what is published reaches all peers of the run, and the newest head of each is held. */
export interface PublicationRoad extends Road<'everybody'> {
  expect(members: readonly Member[]): void
  catchUp(signal: AbortSignal): Promise<void>
  /** The heads that were received, of rounds up to this. @default all */
  kept(upTo?: number): readonly NamedHead[]
  /** Restores heads that were received before, where no newer one is here. */
  recall(heads: readonly NamedHead[]): void
  forgetRecalled(): void
}

export function createPublicRoad(init: PublicRoadInit, node: HearsayHost, presence: Presence): PublicationRoad {
  return new Publishing(init, node, presence)
}

class Publishing implements PublicationRoad {
  readonly kind = 'everybody'
  readonly road: PublicRoad
  private readonly store
  private readonly publication
  private readonly hearing
  /** Counts own heads that every peer would have refused, and heads of others by another sum, by reason. */
  private readonly unfit = new ReasonCounts<string>()
  /** Names of members that are known beforehand, which may never publish a record. */
  private readonly writtenDown = new Map<PeerIdStr, string>()
  private readonly isSync
  private begun: Beginning | undefined
  private inRound = 0
  private readonly requests = createRequests(signal => this.catchUp(signal))

  constructor(
    private readonly init: PublicRoadInit,
    private readonly node: HearsayHost,
    private readonly presence: Presence,
  ) {
    const { manifest, layout, access, invite, buffers } = init
    this.isSync = manifest.mode === 'sync'
    this.store = createNewestHeads<SummedHead>({ numbers: layout.size, limit: authorsLimit })
    this.hearing = createHeadsHeard({ presence, patience: init.patience, lockstep: init.lockstep })
    this.publication = createPublication({
      runId: init.runId,
      rounds: manifest.rounds,
      privateKey: init.identity.privateKey,
      layout,
      codec: codecOf(manifest.encoding),
      normLimit: manifest.limits.headNorm,
      timing: init.timing,
      authors: authorsLimit,
      isLive: author => presence.live().includes(author),
      sumDigest: () => this.sumDigest(),
      onHead: (author, round, head, theirs) => this.take(author, round, head, theirs),
      ...(access && { admits: access.admitsAuthor }),
      ...(invite && { invite }),
      ...(buffers && { buffers }),
    })({ node })
    const { store } = this
    this.road = {
      publish: (round, values, where, signal) => this.publish(round, values, where, signal),
      held: (round, upTo) => this.heardIn(round, upTo).filter(({ sumDigest }) => this.isAlike(sumDigest)),
      get size() {
        return store.size
      },
    }
  }

  start(): Promise<void> {
    return this.publication.start()
  }

  stop(): Promise<void> {
    return this.publication.stop()
  }

  begin(beginning: Beginning): void {
    this.begun = beginning
  }

  at(round: number): void {
    this.inRound = round
  }

  expect(members: readonly Member[]): void {
    for (const { peerId, name } of members) this.writtenDown.set(peerId.toString(), name)
    this.publication.expect(members.map(({ peerId }) => peerId))
  }

  async catchUp(signal: AbortSignal): Promise<void> {
    const { presence, node, init, inRound } = this
    await this.publication.catchUp(peersToAsk({ presence, node, lockstep: init.lockstep }, inRound), signal)
  }

  kept(upTo?: number): NamedHead[] {
    return this.store
      .at(this.init.manifest.rounds, upTo)
      .filter(({ sumDigest }) => this.isAlike(sumDigest))
      .map(({ peer, round, head }) => ({ name: this.nameOf(peer), peer, round, head }))
  }

  recall(heads: readonly NamedHead[]): void {
    for (const { peer, name, round, head } of heads) {
      if (name !== undefined) this.writtenDown.set(peer, name)
      this.store.receive({ peer, round, head, sumDigest: 'own' })
      this.hearing.heard(peer, round)
    }
  }

  forgetRecalled(): void {
    for (const { peer, sumDigest } of this.store.at(this.init.manifest.rounds)) {
      if (sumDigest === 'own') this.store.forget(peer)
    }
  }

  latest(): StatePayload | undefined {
    return this.publication.latest()
  }

  get heads(): HeadAnswers {
    return this.publication.answers
  }

  /** Resolves at once: gossipsub has what was published. */
  async idle(): Promise<void> {}

  get counters(): Road['counters'] {
    const { sentBytes, receivedBytes, rejected } = this.publication.counters
    return { sentBytes, receivedBytes, rejected: { ...rejected, ...this.unfit.toRecord() } }
  }

  private async publish(
    round: number,
    values: Float32Array,
    where: Neighbourhood,
    signal: AbortSignal,
  ): Promise<Hearing> {
    const { members, self } = where
    const { lockstep, forge } = this.init
    await lockstep?.whenEnded(round - 1, signal)
    const said = (await forge?.({ round, step: 0 }, values, where, signal)) ?? values
    if (!(said instanceof Float32Array)) throw new TypeError('what is published is one vector')
    const published = await this.publication.publish(round, said)
    if (!published.ok) {
      this.unfit.add(`OWN_${published.reason}`)
      lockstep?.withhold(this.node.peerId.toString(), round)
    }
    const ids = members.map(({ peerId }) => peerId.toString())
    const others = ids.filter((id, number) => number !== self && !this.isUnlike(id))
    if (this.isSync) await this.requests.during(until => this.hearing.whenAll(others, round, until), signal)
    return this.whoWasHeard(ids, self, round)
  }

  private whoWasHeard(ids: readonly PeerIdStr[], self: number, round: number): Hearing {
    const { lockstep, isDeafTo = () => false } = this.init
    const live = new Set(this.presence.live())
    const unlike = new Set(this.heardIn(round).flatMap(({ peer, sumDigest }) => (this.isAlike(sumDigest) ? [] : peer)))
    const absent: Absence[] = []
    const received: number[] = []
    for (const [peer, id] of ids.entries()) {
      if (peer === self) continue
      if (this.isUnlike(id) || unlike.has(id)) absent.push({ peer, reason: 'refused' })
      else if (this.hearing.has(id, this.isSync ? round : 0) && !isDeafTo(id)) received.push(peer)
      else if (lockstep?.isWithheld(id, round) === true) absent.push({ peer, reason: 'refused' })
      else absent.push({ peer, reason: live.has(id) && lockstep?.isGone(id, round) !== true ? 'late' : 'gone' })
    }
    return { received, absent }
  }

  private take(author: PeerIdStr, round: number, head: Float32Array, theirs: Uint8Array | undefined): void {
    // A cut link delivers no head, but it counts as heard, so that a simulation stays in lockstep.
    if (this.init.isDeafTo?.(author) !== true) this.store.receive({ peer: author, round, head, sumDigest: theirs })
    // A peer that has no sum yet cannot compare: all heads are checked again before they are used.
    if (this.sumDigest() !== undefined && !this.isAlike(theirs)) this.unfit.add('OTHER_SUMS')
    this.requests.came()
    this.hearing.heard(author, round)
  }

  /** With `mode: sync`, a head of a later round that is here already is not used yet: a fast peer changes nothing. */
  private heardIn(round: number, upTo = round): readonly (SummedHead & { readonly age: number })[] {
    return this.store.at(round, this.isSync ? upTo : undefined)
  }

  private sumDigest(): Uint8Array | undefined {
    return this.init.sumDigest?.()
  }

  private isAlike(theirs: SummedHead['sumDigest']): boolean {
    return theirs === 'own' || equals(theirs ?? noSum, this.sumDigest() ?? noSum)
  }

  private isUnlike(id: PeerIdStr): boolean {
    return this.begun?.open?.isUnlike(id) === true
  }

  private nameOf(peer: PeerIdStr): string {
    return this.presence.heard().get(peer)?.name ?? this.writtenDown.get(peer) ?? peer.slice(-6)
  }
}
