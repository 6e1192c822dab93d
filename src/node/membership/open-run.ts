import { setTimeout } from 'node:timers/promises'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { HeardReport, PeerIdStr, Presence, Standing, StatePayload } from '../../gossip/index.js'
import type { Topology } from '../../topology/index.js'
import type { Happening, NamedPeer } from '../events.js'
import type { Manifest } from '../manifest.js'
import { type Federation, fixedFederation, openFederation } from './federation.js'
import { type TakeOverInit, takeOver } from './head-takeover.js'
import type { Member } from './member.js'
import { endedBefore, endedByMost, endedByMostBefore, isFarBehind, isPast } from './pace.js'
import { waitForQuorum } from './quorum.js'

export interface OpenRunInit extends Omit<TakeOverInit, 'presence' | 'heads'> {
  readonly self: number
  readonly name: string
  readonly presence: Presence
  /** Reads heads of others, for a peer that is behind. Left out, everybody keeps its own. */
  readonly heads?: TakeOverInit['heads']
  /** Our newest head that others were given. */
  readonly latest: () => StatePayload | undefined
  readonly topologyOf: (peers: number) => Topology
  /** A federation that is written down has these members, there or not, and `self` is this peer's place among them. */
  readonly members?: readonly Member[]
  readonly manifest: Pick<Manifest, 'rounds' | 'limits' | 'mode'>
  /** See {@link Entry}. */
  readonly round: number
  readonly samples: number
  readonly hasBegun: boolean
  readonly minPeers: number
  /** Is there anybody who might be found? */
  readonly looksFor: boolean
  /** The SHA-256 of the sum that this peer sees its data by, once it has one. @default there is none */
  readonly sumDigest?: () => Uint8Array | undefined
}

/** A run whose peers come and go, as one of them lives it. */
export interface OpenRun {
  readonly federation: Federation
  /** What it says of itself; where it is reached, and who it leaves, others know. */
  standing(): Pick<Standing, 'from' | 'head' | 'sumDigest'>
  /**
   * Has it agreed on another sum than this peer? What its weights mean is then not what ours do, so it takes part in no
   * round with us. Who has not said yet, has not one.
   */
  isUnlike(peer: PeerIdStr): boolean
  /** Those who are there and are so, in the order of their names: who has not been told of before. */
  newlyUnlike(): { readonly peers: readonly NamedPeer[]; readonly isMost: boolean } | undefined
  /** Takes note of where another peer is reached. */
  learn(peer: PeerIdStr, report: HeardReport): void
  /** Waits for the others: see quorum.ts. @throws the signal's reason */
  gather(signal: AbortSignal): AsyncGenerator<Happening, void, undefined>
  /**
   * See {@link RoundsInit.catchUp}: when most of the others are more than one round ahead, takes over a head of theirs.
   * Who comes back may be ahead itself; the first time it goes back to the round of most.
   */
  catchUp(round: number, signal: AbortSignal): Promise<number>
  /** See {@link ExchangeInit.whenElsewhere}. */
  whenElsewhere(peer: PeerIdStr, round: number, signal: AbortSignal): Promise<void>
}

/** A peer that has ended a later round may still have its head of the round before on the way. */
const onTheWayMs = 1_000

export function createOpenRun(init: OpenRunInit): OpenRun {
  return new ChangingPeers(init)
}

class ChangingPeers implements OpenRun {
  readonly federation: Federation
  /** As they are known by now. */
  private readonly known = new Map<PeerIdStr, Member>()
  /** Peers with another sum of which an event was told. */
  private readonly told = new Set<PeerIdStr>()
  /** A peer that joins a run that has begun takes part in no round until it knows in which. */
  private first: number
  /** The others that are there and see their data by the same sum. */
  private readonly alike: TakeOverInit['presence']

  constructor(private readonly init: OpenRunInit) {
    const { manifest, round, hasBegun, members, self, topologyOf, presence } = init
    this.first = hasBegun ? manifest.rounds : round
    this.alike = {
      live: () => presence.live().filter(peer => !this.isUnlike(peer)),
      heard: presence.heard,
      until: presence.until,
    }
    const own: Member = { name: init.name, peerId: init.node.peerId, addresses: [] }
    this.federation =
      members === undefined
        ? openFederation({ self: own, live: round => this.membersIn(round), topologyOf })
        : fixedFederation(members, self, topologyOf(members.length))
  }

  standing(): ReturnType<OpenRun['standing']> {
    const { latest, sumDigest } = this.init
    const head = latest()
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

  learn(peer: PeerIdStr, { addresses }: HeardReport): void {
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
    if (this.first > to || to > round) {
      this.first = to
      // The others count on us from now on, and on our head of this round, though we may have ended it once.
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

  private membersIn(round: number): Member[] {
    const live = this.alike.live().filter(peer => this.reportOf(peer).from <= round)
    return live.map(peer => this.memberOf(peer))
  }

  private memberOf(peer: PeerIdStr): Member {
    const { name } = this.reportOf(peer)
    const before = this.known.get(peer)
    if (before?.name === name) return before
    const member = { name, peerId: peerIdFromString(peer), addresses: [] }
    this.known.set(peer, member)
    return member
  }

  /** The round to go on with; the head is the others' where that is a later one. */
  private async caughtUp(round: number, signal: AbortSignal): Promise<number> {
    const { mode, rounds } = this.init.manifest
    if (this.first === rounds) return this.begun(round, signal)
    // Where nobody waits, everybody has a pace of its own.
    if (mode === 'async') return round
    const ended = endedByMost(this.othersNow(), rounds)
    // One round apart is the gait of gossip: who waits for whom changes from round to round.
    return ended <= round ? round : this.takenOver(ended, signal)
  }

  /** The first round of a peer that comes (back): that of most, so that it has somebody to exchange with. */
  private async begun(round: number, signal: AbortSignal): Promise<number> {
    const ended = endedByMostBefore(this.othersNow(), round, this.init.manifest.rounds)
    if (ended < 0) return round
    // Where peers have models of their own, the others have the head of its last round, and take no older one.
    if (this.init.heads === undefined) return Math.max(round, ended + 1)
    // Its own model is as good as theirs unless it is new, or was away.
    const isInStep = round > 0 && ended <= round
    return isInStep ? ended + 1 : this.takenOver(ended, signal)
  }

  /** Puts a head of the round that most have ended, or of a little later, into the model. @returns the round after it */
  private async takenOver(ended: number, signal: AbortSignal): Promise<number> {
    const { heads } = this.init
    const found = heads && (await takeOver({ ...this.init, presence: this.alike, heads }, ended, signal))
    return Math.max(ended, found ?? ended) + 1
  }
}
