import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { measureOf } from '../data/index.js'
import { createDeadline } from '../deadline.js'
import {
  dialAddresses,
  fieldTiming,
  type HearsayHost,
  type Presence,
  type Reachability,
  type RoundReport,
  reachability,
  type StateService,
  untimed,
} from '../gossip/index.js'
import { type Kept, nothingKept, type Roads, type Session, type Tested } from '../methods/index.js'
import type { AssembledPeer, AssemblyInit, HeardPeer } from './assembled-peer.js'
import { countersOf, type PeerCounters } from './counters.js'
import type { Entry } from './entry.js'
import type { PeerEvent, RoundHappening } from './events.js'
import { heardPeers } from './heard-peers.js'
import type { KeptState } from './kept-state.js'
import { type AgreedSum, createAgreedSum } from './membership/agreed-sum.js'
import type { KeptArrivals } from './membership/arrivals.js'
import { type Compass, compassIn, pacedLearner } from './membership/compass.js'
import type { Federation } from './membership/federation.js'
import type { Member } from './membership/member.js'
import type { OpenRun } from './membership/open-run.js'
import { endedBefore } from './membership/pace.js'
import { pinned } from './network/listen-addresses.js'
import { createPeerHost } from './network/peer-host.js'
import { type PeerTwins, peerTwins } from './network/peer-twins.js'
import { createPairKeys, needsPairKeys, type PairKeys } from './pair-keys.js'
import { createPeerPresence, speaksIn } from './peer-presence.js'
import { createPeerState } from './peer-state.js'
import { releasingLearner } from './releasing-learner.js'
import { createPeerRoad, type PeerRoad } from './roads/peer-road.js'
import { type RoundsInit, runRounds } from './round.js'
import { reportAfter } from './round-report.js'
import { joinOpenRun, meetMembers, openRunOf, type PeerParts, type RunStart } from './run-start.js'
import { planOf, roundsOf } from './training.js'

/** A peer: identity, libp2p host, and the rounds that join learning to the network. It decides nothing itself. */
export async function assemblePeer(init: AssemblyInit): Promise<AssembledPeer> {
  return new Assembly(init, await createPeerHost(init))
}

class Assembly implements AssembledPeer, PeerParts {
  readonly presence: Presence
  readonly agreement: AgreedSum | undefined
  readonly road: PeerRoad
  /** With masks, or noise that cancels. */
  private readonly keys: PairKeys | undefined
  private federation: Federation | undefined
  readonly session: Session
  readonly compass: Compass | undefined
  private readonly state: StateService | undefined
  private readonly twins: PeerTwins | undefined

  private life: 'idle' | 'started' | 'stopped' = 'idle'
  private hasBegun = false
  /** Set where peers come and go, from the beginning of {@link run} on. */
  open: OpenRun | undefined
  /** What was kept when this peer left. */
  private arrivals: KeptArrivals | undefined
  /** Aborts what runs beside the rounds. */
  private readonly stopping = new AbortController()
  /** Aborts the rounds, when another process with this identity began earlier. */
  private readonly doubled = new AbortController()

  constructor(
    readonly init: AssemblyInit,
    readonly node: HearsayHost,
  ) {
    const { manifest, field, summand } = init
    // In a simulation nothing is decided by a clock: its numbers must not depend on how busy the machine is.
    const timing = field === undefined ? untimed : fieldTiming
    const plan = planOf(manifest, init.head)
    this.presence = createPeerPresence(init, timing, node, this)
    this.agreement = summand && createAgreedSum({ ...init, summand }, node, this.presence)
    this.keys = needsPairKeys(manifest) ? createPairKeys(init, node, this.presence) : undefined
    this.road = createPeerRoad(init, plan, timing, node, this.presence, this.keys, this.sumDigest)
    const { seed, rounds, limits, believe, reputation, staleness, privacy } = manifest
    // A method is handed the road that its plan names, and no other.
    const roads = { [this.road.kind]: this.road.road } as unknown as Roads
    const [peerId, isPrivate] = [node.peerId.toString(), privacy !== undefined]
    const where = (round: number) => this.federation?.at(round)
    this.compass = compassIn(manifest, this.presence, where)
    const learner = pacedLearner(releasingLearner(init, peerId, this.keys, where), this.compass)
    const isOpen = init.field !== undefined && manifest.masks === undefined
    const asked = { peerId, seed, rounds, limits, believe, reputation, staleness, isPrivate, isOpen }
    this.session = plan.start({ ...init, learner, ...asked }, roads)
    if (this.speaks) {
      const { presence, road, agreement } = this
      this.state = createPeerState(init, timing, node, { presence, road, agreement, hasBegun: () => this.hasBegun })
    }
    this.twins = field && peerTwins(init.identity, field, node, error => this.doubled.abort(error))
  }

  get self(): number {
    return this.init.self
  }

  get identity(): AssembledPeer['identity'] {
    return this.init.identity
  }

  get parameters(): Float32Array {
    return this.init.parameters
  }

  get spent(): AssembledPeer['spent'] {
    return this.init.budget?.spent
  }

  get isLeaving(): boolean {
    return this.life === 'stopped'
  }

  get maskKey(): Uint8Array | undefined {
    return this.keys?.key.publicKey
  }

  get counters(): PeerCounters {
    const { presence, state, agreement, node, init } = this
    const [{ traffic }, access] = [node.services, init.field?.access]
    return countersOf(this.road.counters, this.session.refused(), { traffic, presence, state, agreement, access })
  }

  async start(): Promise<void> {
    if (this.life !== 'idle') return
    this.life = 'started'
    // Before any peer can connect that is connected to the other process too.
    await this.twins?.start()
    await this.node.start()
    await this.road.start()
    await this.state?.start()
    if (this.speaks) await this.presence.start()
    this.agreement?.start()
  }

  async *run(entry: Entry, asked: AbortSignal): AsyncGenerator<PeerEvent, void, undefined> {
    const either = createDeadline(asked, this.doubled.signal)
    const peer = this.node.peerId.toString()
    try {
      for await (const event of this.happenings(entry, either.signal)) yield { atMs: Date.now(), peer, ...event }
    } finally {
      either.clear()
    }
  }

  async stop(): Promise<void> {
    if (this.life !== 'stopped') await this.end(this.life === 'started' && this.speaks)
  }

  async kill(): Promise<void> {
    for (const connection of this.node.getConnections()) connection.abort(new Error('killed on request'))
    await this.end(false)
  }

  idle(): Promise<void> {
    return this.road.idle()
  }

  async connect(addresses: readonly Multiaddr[], signal: AbortSignal): Promise<void> {
    await this.node.dial([...addresses], { signal })
  }

  reachability(): Reachability {
    return reachability(this.node)
  }

  listening(): string[] {
    return pinned(this.init.listen, this.node.getMultiaddrs())
  }

  addresses(): Multiaddr[] {
    return this.init.field === undefined ? this.node.getMultiaddrs() : dialAddresses(this.node)
  }

  members(): Member[] {
    return this.presence.live().map(peer => {
      const { name, addresses } = this.presence.heard().get(peer)!
      return { name, peerId: peerIdFromString(peer), addresses }
    })
  }

  heard(): HeardPeer[] {
    return heardPeers(this.presence, this.session.reputes?.())
  }

  finished(): PeerId[] {
    return [...this.presence.heard()]
      .filter(([, { leaving, round }]) => leaving && round + 1 >= this.init.manifest.rounds)
      .map(([peer]) => peerIdFromString(peer))
  }

  kept(upTo?: number): KeptState {
    const { session, road } = this
    const held = road.kind === 'everybody' ? road.kept(upTo) : []
    const method = session.kept?.() ?? nothingKept
    return {
      method: road.kind === 'neighbours' ? road.kept(method) : method,
      heads: held.filter(({ peer }) => session.believes?.(peer) ?? true),
      arrivals: this.open?.arrivals() ?? this.arrivals,
    }
  }

  restore({ method, heads = [], arrivals }: Partial<KeptState>, source: string): void {
    const { road, session } = this
    this.arrivals = arrivals
    const restoreMethod = (rest: Kept): void => session.restore?.(rest, source)
    if (method && road.kind === 'neighbours') road.restore(method, source, restoreMethod)
    else if (method) restoreMethod(method)
    if (road.kind === 'everybody') road.recall(heads)
  }

  async relativeLoss(saved: string | undefined, signal: AbortSignal): Promise<number> {
    if (this.session.loss === undefined || this.agreement?.recall(saved) === false) return 0
    return (await this.session.loss(signal)) / this.init.uninformed
  }

  async evaluate(round: number, signal: AbortSignal): Promise<Tested> {
    return this.session.evaluate(round, signal, false)
  }

  get speaks(): boolean {
    return speaksIn(this.init)
  }

  readonly sumDigest = (): Uint8Array | undefined => this.agreement?.digest()

  private async *happenings(entry: Entry, signal: AbortSignal): AsyncGenerator<RoundHappening, void, undefined> {
    const { init, session } = this
    if (entry.members !== undefined) {
      if (this.speaks) this.presence.expect(entry.members.map(({ peerId }) => peerId))
      this.road.expect?.(entry.members)
    }
    const start = yield* this.startRun(entry, signal)
    this.federation = start.federation
    this.hasBegun = true
    const { round, samples } = entry.kind === 'members' ? { round: 0, samples: 0 } : entry
    const rounds: RoundsInit = {
      ...init,
      ...start,
      session,
      ...roundsOf(init.manifest),
      spent: () => this.spent,
      // A simulation has baselines instead, and its workers are busy.
      testsBefore: init.field !== undefined,
    }
    yield* this.reported(runRounds(rounds, signal), endedBefore(round, samples), samples)
    await this.road.idle()
  }

  private startRun(entry: Entry, signal: AbortSignal): AsyncGenerator<RoundHappening, RunStart, undefined> {
    if (entry.kind === 'members') return meetMembers(this, entry, signal)
    const open = openRunOf(this, entry, this.arrivals)
    this.open = open
    this.hasBegun = entry.hasBegun
    return joinOpenRun(this, open, entry, this.stopping.signal, signal)
  }

  /** Passes the rounds' events on, while the road, the lockstep and the other peers learn of them. */
  private async *reported(
    events: AsyncIterable<RoundHappening>,
    before: RoundReport,
    records: number,
  ): AsyncGenerator<RoundHappening, void, undefined> {
    const { init, road, open } = this
    const { data, privacy, masks } = init.manifest
    const rule = { measure: measureOf(data), isPrivate: privacy !== undefined, records, isMasked: masks !== undefined }
    let report = before
    for await (const event of events) {
      if (event.type === 'caught-up') road.at(event.to)
      if (event.type === 'trained') road.at(event.round)
      if (event.type === 'ended') init.lockstep?.end(this.node.peerId.toString(), event.round)
      report = reportAfter(report, event, rule)
      // A simulation needs no record: the lockstep has its contents, and a head states its peer's round.
      if (event.type === 'ended' && init.field !== undefined) await this.presence.publish(report)
      yield event
      const unlike = event.type === 'ended' ? open?.newlyUnlike() : undefined
      if (unlike !== undefined) yield { type: 'unlike', round: event.round, ...unlike }
    }
  }

  private async end(saysGoodbye: boolean): Promise<void> {
    this.life = 'stopped'
    this.stopping.abort()
    this.init.learner.leave()
    if (saysGoodbye) await this.presence.speak().catch(() => {})
    this.agreement?.stop()
    await this.presence.stop()
    await this.twins?.stop()
    await this.state?.stop()
    await this.road.stop()
    await this.node.stop()
  }
}
