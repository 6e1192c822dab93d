import { setTimeout } from 'node:timers/promises'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { equals } from 'uint8arrays/equals'
import type { HeardReport, PeerIdStr, Presence, Standing } from '../../gossip/index.js'
import { createSchedule, type Schedule, type Topology } from '../../topology/index.js'
import type { Happening, NamedPeer } from '../events.js'
import type { Manifest } from '../manifest.js'
import { type Arrivals, createArrivals, isNew, type KeptArrivals, networksOf, seated } from './arrivals.js'
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
  readonly manifest: Pick<Manifest, 'rounds' | 'limits' | 'mode' | 'masks' | 'exchange'>
  /** See {@link Entry}. */
  readonly round: number
  readonly reached: number
  readonly samples: number
  readonly hasBegun: boolean
  readonly minPeers: number
  /** Is there any peer that might be found? */
  readonly looksFor: boolean
  /** Who has invited a peer, this one too. @default nobody was invited */
  readonly inviterOf?: (peer: PeerIdStr) => PeerIdStr | undefined
  /** What {@link OpenRun.arrivals} returned before this peer left. @default it knows of nobody */
  readonly arrivals?: KeptArrivals | undefined
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
  /** When each peer came, this one too: to be kept, so that it knows newcomers when it comes back. */
  arrivals(): KeptArrivals
}

/** A member of the last round, as this peer itself knows it. */
interface Met {
  readonly peerId: PeerId
  /** The public networks that it was connected from meanwhile, the last first. */
  readonly networks: readonly string[]
}

/** Networks of one peer that are remembered: a machine has a few, and one that moves on leaves no more behind. */
const networksMet = 4

/** A peer that has ended a later round may still have its head of the round before in transit. */
const onTheWayMs = 1_000

export function createOpenRun(init: OpenRunInit): OpenRun {
  return new ChangingPeers(init)
}

class ChangingPeers implements OpenRun {
  readonly federation: Federation
  private readonly self: PeerIdStr
  /** The members of the round that was asked for last. */
  private known: ReadonlyMap<PeerIdStr, Met> = new Map()
  /** Peers with another sum that an event has reported. */
  private told: ReadonlySet<PeerIdStr> = new Set()
  /** The first round of this peer. One that joins a run that has begun takes part in none until it knows which. */
  private first: number
  private readonly came: Arrivals
  /** The round that this peer is in, or where it left off; undefined of one that is new, before its first. */
  private at: number | undefined
  private readonly schedule: Schedule
  /** The other live peers that standardise by the same sum. */
  private readonly alike: TakeOverInit['presence']

  constructor(private readonly init: OpenRunInit) {
    const { manifest, round, hasBegun, members, self, topologyOf, presence } = init
    this.schedule = createSchedule(manifest.exchange, manifest.rounds)
    this.first = hasBegun ? manifest.rounds : round
    this.self = init.node.peerId.toString()
    this.at = init.arrivals && round
    this.came = createArrivals({
      rounds: manifest.rounds,
      live: () => [this.self, ...presence.live()],
      kept: init.arrivals,
    })
    if (!hasBegun) this.came.note(this.self, { from: round, leaving: false }, undefined)
    this.alike = {
      live: () => presence.live().filter(peer => !this.isUnlike(peer)),
      heard: presence.heard,
      until: presence.until,
    }
    for (const [peer, report] of presence.heard()) this.came.note(peer, report, this.at)
    const own: Member = { name: init.name, peerId: init.node.peerId, addresses: [] }
    this.federation =
      members === undefined
        ? openFederation({ self: own, membersIn: round => this.membersIn(round, own), topologyOf })
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
    return own !== undefined && theirs !== undefined && !equals(own, theirs)
  }

  newlyUnlike(): ReturnType<OpenRun['newlyUnlike']> {
    const { presence } = this.init
    const live = presence.live()
    const unlike = live.filter(peer => this.isUnlike(peer))
    const news = unlike.filter(peer => !this.told.has(peer))
    // No more than there are records: who is forgotten there is told of again.
    this.told = new Set([...this.told, ...news].filter(peer => presence.heard().has(peer)))
    if (news.length === 0) return undefined
    const peers = news.map(peer => ({ peer, name: this.reportOf(peer).name }))
    peers.sort((a, b) => (a.name < b.name ? -1 : 1))
    return { peers, isMost: 2 * unlike.length > live.length }
  }

  learn(peer: PeerIdStr, report: HeardReport): void {
    const { addresses } = report
    this.came.note(peer, report, this.at)
    if (addresses.length === 0) return
    const peerId: PeerId = peerIdFromString(peer)
    this.init.node.peerStore.merge(peerId, { multiaddrs: [...addresses] }).catch(() => {})
  }

  gather(signal: AbortSignal): AsyncGenerator<Happening, void, undefined> {
    const { name, presence, minPeers, hasBegun, looksFor } = this.init
    const { rounds, limits } = this.init.manifest
    const lookMs = hasBegun && looksFor ? limits.joinSeconds * 1000 : 0
    const self = { peer: this.self, name }
    return waitForQuorum({ self, presence, rounds, minPeers, lookMs }, signal)
  }

  async catchUp(round: number, signal: AbortSignal): Promise<number> {
    const { presence, samples } = this.init
    const to = await this.caughtUp(round, signal)
    this.at = to
    this.came.note(this.self, { from: to, leaving: false }, to)
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
        (this.isUnlike(peer) || report.leaving || isPast(report, round) || isFarBehind(report, round, this.schedule))
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
    const old = live.filter(peer => !this.isLater(peer) || !isNew(this.came.of(peer), round, performance.now()))
    return (old.length > 0 ? old : live).map(peer => this.reportOf(peer))
  }

  /** Has the peer come after this one? */
  private isLater(peer: PeerIdStr): boolean {
    return this.came.of(peer).since > this.came.of(this.self).since
  }

  arrivals(): KeptArrivals {
    return this.came.kept()
  }

  /** A peer that has no seat yet itself is alone for as long. */
  private membersIn(round: number, own: Member): readonly Member[] {
    const { manifest, addresses } = this.init
    const { newcomers } = manifest.limits
    const live = this.alike.live().filter(peer => this.reportOf(peer).from <= round)
    const there = [this.self, ...live].map(peer => this.came.of(peer))
    // By records alone, as all see the same of them, whatever connections each has.
    const kin = (peer: PeerIdStr): readonly string[] => [
      ...networksOf(peer === this.self ? addresses() : this.reportOf(peer).addresses),
      ...this.inviterOf(peer),
    ]
    const seats = seated(there, round, newcomers, performance.now(), kin)
    const others = seats.includes(this.self) ? seats.filter(peer => peer !== this.self) : []
    this.known = new Map(others.map(peer => [peer, this.met(peer)]))
    return others.length === 0 ? [own] : seats.map(peer => (peer === this.self ? own : this.memberOf(peer, kin(peer))))
  }

  private inviterOf(peer: PeerIdStr): PeerIdStr[] {
    const inviter = this.init.inviterOf?.(peer)
    return inviter === undefined ? [] : [inviter]
  }

  private met(peer: PeerIdStr): Met {
    const { peerId = peerIdFromString(peer), networks = [] } = this.known.get(peer) ?? {}
    const now = networksOf(this.init.node.getConnections(peerId).map(({ remoteAddr }) => remoteAddr))
    return { peerId, networks: [...new Set([...now, ...networks])].slice(0, networksMet) }
  }

  /** A newcomer's kin are by its connections too: what it weighs is each peer's own affair. */
  private memberOf(peer: PeerIdStr, said: readonly string[]): Member {
    const { peerId, networks } = this.known.get(peer)!
    const kin = [...new Set([...said, ...networks])].sort()
    return { name: this.reportOf(peer).name, peerId, addresses: [], ...(this.isLater(peer) && { newcomer: { kin } }) }
  }

  /** The round to continue with; if that is a later one, a head of the others is taken over. */
  private async caughtUp(round: number, signal: AbortSignal): Promise<number> {
    const { mode, rounds } = this.init.manifest
    if (this.first === rounds) return this.begun(round, signal)
    // Where no peer waits, every peer has a pace of its own.
    if (mode === 'async') return round
    const ended = endedByMost(this.pacemakers(round), rounds)
    // A difference of one exchange is normal in gossip: which peer waits for which changes from one to the next. In rounds
    // without exchange nobody waits, and how far peers are apart means nothing.
    const { exchangesBefore } = this.schedule
    const behind = exchangesBefore(ended + 1) - exchangesBefore(round)
    return behind <= 1 ? round : this.takenOver(ended, signal)
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

  /** Copies a head of the last exchange that most have ended, or of a later one, into the model. @returns the round after it */
  private async takenOver(ended: number, signal: AbortSignal): Promise<number> {
    const { heads } = this.init
    const handed = this.schedule.lastBefore(ended + 1)
    const isThere = heads !== undefined && handed >= 0
    const found = isThere ? await takeOver({ ...this.init, presence: this.alike, heads }, handed, signal) : undefined
    return Math.max(ended, found ?? ended) + 1
  }
}
