import { setTimeout } from 'node:timers/promises'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { HeardReport, PeerIdStr, Presence, Standing } from '../../gossip/index.js'
import type { Topology } from '../../topology/index.js'
import type { Happening, NamedPeer } from '../events.js'
import type { Manifest } from '../manifest.js'
import { type Arrivals, type ArrivalsInit, createArrivals, isNew, kinOf, seated } from './arrivals.js'
import { type Federation, fixedFederation, openFederation } from './federation.js'
import { type TakeOverInit, takeOver } from './head-takeover.js'
import type { Member } from './member.js'
import { endedBefore, endedByMost, endedByMostBefore, isFarBehind, isPast } from './pace.js'
import { waitForQuorum } from './quorum.js'

export interface OpenRunInit extends Omit<TakeOverInit, 'presence' | 'heads'> {
  readonly self: number
  readonly name: string
  readonly presence: Presence
  /** Decodes heads of others, for a peer that is behind. Left out, every peer keeps its own. */
  readonly heads?: TakeOverInit['heads']
  /** See {@link Road.handed}. */
  readonly handed: () => Standing['head']
  readonly topologyOf: (peers: number) => Topology
  /** The members of a fixed federation, live or not; `self` is this peer's place among them. */
  readonly members?: readonly Member[]
  readonly manifest: Pick<Manifest, 'rounds' | 'limits' | 'mode' | 'masks'>
  /** See {@link Entry}. */
  readonly round: number
  readonly reached: number
  readonly samples: number
  readonly hasBegun: boolean
  readonly minPeers: number
  /** Is there any peer that might be found? */
  readonly looksFor: boolean
  /** See {@link ArrivalsInit.inviterOf}; of this peer too. @default nobody was invited */
  readonly inviterOf?: ArrivalsInit['inviterOf']
  /** Where this peer can be dialled, as its records say. */
  readonly addresses: () => HeardReport['addresses']
  /** SHA-256 of the sum that this peer standardises by, once it has one. @default there is none */
  readonly sumDigest?: () => Uint8Array | undefined
}

/** A run whose peers come and go, as one of them sees it. */
export interface OpenRun {
  readonly federation: Federation
  /** What this peer reports of itself, without its addresses, its share and whether it leaves. */
  standing(): Pick<Standing, 'from' | 'head' | 'sumDigest'>
  /**
   * Has the peer agreed on another sum than this one? Its weights then mean something else than ours, so it takes part
   * in no round with us. A peer that has not reported a sum yet has none.
   */
  isUnlike(peer: PeerIdStr): boolean
  /** The live peers with another sum that were not returned before, in the order of their names. */
  newlyUnlike(): { readonly peers: readonly NamedPeer[]; readonly isMost: boolean } | undefined
  /** Stores the addresses that another peer reports. */
  learn(peer: PeerIdStr, report: HeardReport): void
  /** Waits for the others: see quorum.ts. @throws the signal's reason */
  gather(signal: AbortSignal): AsyncGenerator<Happening, void, undefined>
  /**
   * See {@link RoundsInit.catchUp}: when most of the others are more than one round ahead, takes over a head of theirs.
   * A peer that comes back may be ahead itself; the first time it goes back to the round of most.
   */
  catchUp(round: number, signal: AbortSignal): Promise<number>
  /** See {@link ExchangeInit.whenElsewhere}. */
  whenElsewhere(peer: PeerIdStr, round: number, signal: AbortSignal): Promise<void>
}

/** A peer that has ended a later round may still have its head of the round before in transit. */
const onTheWayMs = 1_000

export function createOpenRun(init: OpenRunInit): OpenRun {
  return new ChangingPeers(init)
}

class ChangingPeers implements OpenRun {
  readonly federation: Federation
  /** The members known so far. */
  private readonly known = new Map<PeerIdStr, Member>()
  /** Peers with another sum that an event has reported. */
  private readonly told = new Set<PeerIdStr>()
  /** The first round of this peer. One that joins a run that has begun takes part in none until it knows which. */
  private first: number
  private readonly arrivals: Arrivals
  /** The round that this peer is in, and the first that it was in; undefined before. */
  private at: number | undefined
  private begunIn: number | undefined
  private begunMs = 0
  /** The other live peers that standardise by the same sum. */
  private readonly alike: TakeOverInit['presence']

  constructor(private readonly init: OpenRunInit) {
    const { manifest, round, hasBegun, members, self, topologyOf, presence } = init
    this.first = hasBegun ? manifest.rounds : round
    this.arrivals = createArrivals({
      rounds: manifest.rounds,
      inviterOf: init.inviterOf ?? (() => undefined),
      live: () => presence.live(),
    })
    this.alike = {
      live: () => presence.live().filter(peer => !this.isUnlike(peer)),
      heard: presence.heard,
      until: presence.until,
    }
    for (const [peer, report] of presence.heard()) this.arrivals.note(peer, report, undefined)
    const own: Member = { name: init.name, peerId: init.node.peerId, addresses: [] }
    this.federation =
      members === undefined
        ? openFederation({ self: own, live: round => this.membersIn(round), topologyOf })
        : fixedFederation(members, self, topologyOf(members.length))
  }

  standing(): ReturnType<OpenRun['standing']> {
    const { handed, sumDigest } = this.init
    const head = handed()
    return { from: this.first, head: head && { round: head.round, digest: head.digest }, sumDigest: sumDigest?.() }
  }

  isUnlike(peer: PeerIdStr): boolean {
    const own = this.init.sumDigest?.()
    const theirs = this.init.presence.heard().get(peer)?.sumDigest
    return own !== undefined && theirs !== undefined && Buffer.compare(own, theirs) !== 0
  }

  newlyUnlike(): ReturnType<OpenRun['newlyUnlike']> {
    const live = this.init.presence.live()
    const unlike = live.filter(peer => this.isUnlike(peer))
    const news = unlike.filter(peer => !this.told.has(peer))
    for (const peer of news) this.told.add(peer)
    if (news.length === 0) return undefined
    const peers = news.map(peer => ({ peer, name: this.reportOf(peer).name }))
    peers.sort((a, b) => (a.name < b.name ? -1 : 1))
    return { peers, isMost: 2 * unlike.length > live.length }
  }

  learn(peer: PeerIdStr, report: HeardReport): void {
    const { addresses } = report
    this.arrivals.note(peer, report, this.at)
    if (addresses.length === 0) return
    const peerId: PeerId = peerIdFromString(peer)
    this.init.node.peerStore.merge(peerId, { multiaddrs: [...addresses] }).catch(() => {})
  }

  gather(signal: AbortSignal): AsyncGenerator<Happening, void, undefined> {
    const { node, name, presence, minPeers, hasBegun, looksFor } = this.init
    const { rounds, limits } = this.init.manifest
    const lookMs = hasBegun && looksFor ? limits.joinSeconds * 1000 : 0
    const self = { peer: node.peerId.toString(), name }
    return waitForQuorum({ self, presence, rounds, minPeers, lookMs }, signal)
  }

  async catchUp(round: number, signal: AbortSignal): Promise<number> {
    const { presence, samples } = this.init
    const to = await this.caughtUp(round, signal)
    this.at = to
    if (this.begunIn === undefined) {
      this.begunIn = to
      this.begunMs = performance.now()
      if (this.init.round > 0) this.arrivals.settle(this.alike.live())
    }
    if (this.first > to || to > round) {
      this.first = to
      // From now on the others expect our head of this round, though we may have ended it before.
      if (to < this.init.round) await presence.publish(endedBefore(to, samples)).catch(() => {})
      else await presence.speak().catch(() => {})
    }
    return to
  }

  async whenElsewhere(peer: PeerIdStr, round: number, signal: AbortSignal): Promise<void> {
    const { presence } = this.init
    await presence.until(() => {
      const report = presence.heard().get(peer)
      return (
        report !== undefined &&
        (this.isUnlike(peer) || report.leaving || isPast(report, round) || isFarBehind(report, round))
      )
    }, signal)
    await setTimeout(onTheWayMs, undefined, { signal })
  }

  private reportOf(peer: PeerIdStr): HeardReport {
    return this.init.presence.heard().get(peer)!
  }

  private othersNow(): HeardReport[] {
    return this.alike.live().map(peer => this.reportOf(peer))
  }

  /** The others whose rounds say how far the run is: not newcomers, of whom there may be any number, unless all are. */
  private pacemakers(round: number): HeardReport[] {
    const live = this.alike.live()
    const old = live.filter(peer => {
      const arrival = this.arrivals.of(peer)
      return arrival.since <= (this.begunIn ?? arrival.since) || !isNew(arrival, round, performance.now())
    })
    return (old.length > 0 ? old : live).map(peer => this.reportOf(peer))
  }

  /** A peer that has no seat yet itself is alone for as long. */
  private membersIn(round: number): Member[] {
    const { node, manifest, inviterOf, addresses } = this.init
    const self = node.peerId.toString()
    const live = this.alike.live().filter(peer => this.reportOf(peer).from <= round)
    // Those that remember a peer that comes back know that it is not new.
    const since = this.init.round > 0 ? 0 : (this.begunIn ?? this.first)
    const own = { peer: self, since, heardMs: this.begunMs, kin: kinOf(addresses(), inviterOf?.(self)) }
    const there = [own, ...live.map(peer => this.arrivals.of(peer))]
    const seats = seated(there, round, manifest.limits.newcomers, performance.now())
    return seats.has(self) ? live.filter(peer => seats.has(peer)).map(peer => this.memberOf(peer)) : []
  }

  private memberOf(peer: PeerIdStr): Member {
    const { name } = this.reportOf(peer)
    const before = this.known.get(peer)
    if (before?.name === name) return before
    const { since, kin } = this.arrivals.of(peer)
    const peerId = peerIdFromString(peer)
    const seen = kinOf(this.init.node.getConnections(peerId).map(({ remoteAddr }) => remoteAddr))
    const newcomer = since > (this.begunIn ?? since) ? { newcomer: { kin: [...new Set([...kin, ...seen])] } } : {}
    const member = { name, peerId, addresses: [], ...newcomer }
    this.known.set(peer, member)
    return member
  }

  /** The round to continue with; if that is a later one, a head of the others is taken over. */
  private async caughtUp(round: number, signal: AbortSignal): Promise<number> {
    const { mode, rounds } = this.init.manifest
    if (this.first === rounds) return this.begun(round, signal)
    // Where no peer waits, every peer has a pace of its own.
    if (mode === 'async') return round
    const ended = endedByMost(this.pacemakers(round), rounds)
    // A difference of one round is normal in gossip: which peer waits for which changes from round to round.
    return ended <= round ? round : this.takenOver(ended, signal)
  }

  /** The first round of a peer that joins or comes back: that of most, so that it has peers to exchange with. */
  private async begun(round: number, signal: AbortSignal): Promise<number> {
    const { rounds, masks } = this.init.manifest
    const ended = endedByMostBefore(this.othersNow(), round, rounds)
    // In its round it may have masked before it died, and masks once for each (docs/privacy.md).
    if (masks !== undefined) return Math.max(round, ended, this.init.reached) + 1
    if (ended < 0) return round
    // Where peers have models of their own, the others hold the head of its last round, and accept no older one.
    if (this.init.heads === undefined) return Math.max(round, ended + 1)
    // This peer's model is as good as theirs unless the peer is new, or was away.
    const isInStep = round > 0 && ended <= round
    return isInStep ? ended + 1 : this.takenOver(ended, signal)
  }

  /** Copies a head of the round that most have ended, or of a later one, into the model. @returns the round after it */
  private async takenOver(ended: number, signal: AbortSignal): Promise<number> {
    const { heads } = this.init
    const found = heads && (await takeOver({ ...this.init, presence: this.alike, heads }, ended, signal))
    return Math.max(ended, found ?? ended) + 1
  }
}
