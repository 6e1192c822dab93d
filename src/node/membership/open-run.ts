import { setTimeout } from 'node:timers/promises'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { HeardReport, PeerIdStr, Presence, RoundReport, Standing, StatePayload } from '../../gossip/index.js'
import type { Topology } from '../../topology/index.js'
import type { Happening, NamedPeer } from '../events.js'
import type { Manifest } from '../manifest.js'
import { type Federation, fixedFederation, openFederation } from './federation.js'
import { type TakeOverInit, takeOver } from './head-takeover.js'
import type { Member } from './member.js'
import { gather, isUnderWay } from './quorum.js'

export interface OpenRunInit extends Omit<TakeOverInit, 'presence' | 'heads'> {
  readonly self: number
  readonly name: string
  readonly presence: Presence
  /** Reads heads of others, for a peer that is behind. Left out, everybody keeps its own: a mixture's peers differ. */
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
  /** Waits for the others: see gathering.ts. @throws the signal's reason */
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

/** A peer that is so many rounds behind will not bring its head of this round in time. */
const farBehind = 2

export function createOpenRun(init: OpenRunInit): OpenRun {
  const { node, presence, heads } = init
  const own: Member = { name: init.name, peerId: node.peerId, addresses: [] }
  const members = new Map<PeerIdStr, Member>()
  /** Who joins a run that has begun takes part in no round until it knows in which. */
  let first = init.hasBegun ? init.manifest.rounds : init.round

  const memberOf = (peer: PeerIdStr): Member => {
    const { name } = presence.heard().get(peer)!
    const before = members.get(peer)
    if (before?.name === name) return before
    const member = { name, peerId: peerIdFromString(peer), addresses: [] }
    members.set(peer, member)
    return member
  }
  const reportOf = (peer: PeerIdStr): HeardReport => presence.heard().get(peer)!
  const told = new Set<PeerIdStr>()
  const isUnlike = (peer: PeerIdStr): boolean => {
    const own = init.sumDigest?.()
    const theirs = presence.heard().get(peer)?.sumDigest
    return own !== undefined && theirs !== undefined && Buffer.compare(own, theirs) !== 0
  }
  const alike: TakeOverInit['presence'] = {
    live: () => presence.live().filter(peer => !isUnlike(peer)),
    heard: presence.heard,
    until: presence.until,
  }
  const liveIn = (round: number): PeerIdStr[] => alike.live().filter(peer => reportOf(peer).from <= round)

  const othersNow = (): HeardReport[] => alike.live().map(reportOf)

  /** The round that most of the others have ended, or −1. Who has no head yet is as new as we are. */
  function endedByMost(): number {
    const underWay = othersNow().filter(report => isUnderWay(report, init.manifest.rounds))
    return median(underWay.filter(({ head }) => head !== undefined).map(({ round }) => round))
  }

  /**
   * The same for who comes (back) and has no round yet. While others are under way, their rounds count: as far as they
   * have gone on, though their records may be of before. When all came back at once, everybody counts, itself too, so
   * that all who see the same peers begin with the same round; a few that say too much do not move it.
   */
  function endedByMostBefore(round: number): number {
    const others = othersNow().filter(({ head, samples }) => head !== undefined || samples > 0)
    const underWay = others.filter(report => isUnderWay(report, init.manifest.rounds))
    if (underWay.length > 0) return median(underWay.map(report => Math.max(report.round, report.from - 1)))
    if (others.length === 0) return -1
    return median([...others.map(report => report.round), ...(round > 0 ? [round - 1] : [])])
  }

  /** The round to go on with; the head is the others' where that is a later one. */
  async function caughtUp(round: number, signal: AbortSignal): Promise<number> {
    if (first === init.manifest.rounds) return begun(round, signal)
    // Where nobody waits, everybody has a pace of its own.
    if (init.manifest.mode === 'async') return round
    const ended = endedByMost()
    // One round apart is the gait of gossip: who waits for whom changes from round to round.
    return ended <= round ? round : takenOver(ended, signal)
  }

  /** The first round of who comes (back): that of most, so that they have somebody to exchange with. */
  async function begun(round: number, signal: AbortSignal): Promise<number> {
    const ended = endedByMostBefore(round)
    if (ended < 0) return round
    // Of a mixture's peer the others have the head of its last round, and take no older one.
    if (heads === undefined) return Math.max(round, ended + 1)
    // Its own model is as good as theirs unless it is new, or was away.
    const isInStep = round > 0 && ended <= round
    return isInStep ? ended + 1 : takenOver(ended, signal)
  }

  /** Puts a head of the round that most have ended, or of a little later, into the model. @returns the round after it */
  async function takenOver(ended: number, signal: AbortSignal): Promise<number> {
    const found = heads && (await takeOver({ ...init, presence: alike, heads }, ended, signal))
    return Math.max(ended, found ?? ended) + 1
  }

  return {
    federation:
      init.members === undefined
        ? openFederation({ self: own, live: round => liveIn(round).map(memberOf), topologyOf: init.topologyOf })
        : fixedFederation(init.members, init.self, init.topologyOf(init.members.length)),
    standing() {
      const head = init.latest()
      return { from: first, head: head && { round: head.round, digest: head.digest }, sumDigest: init.sumDigest?.() }
    },
    isUnlike,
    newlyUnlike() {
      const live = presence.live()
      const unlike = live.filter(isUnlike)
      const news = unlike.filter(peer => !told.has(peer))
      for (const peer of news) told.add(peer)
      if (news.length === 0) return undefined
      const peers = news.map(peer => ({ peer, name: reportOf(peer).name }))
      peers.sort((a, b) => (a.name < b.name ? -1 : 1))
      return { peers, isMost: 2 * unlike.length > live.length }
    },
    learn(peer, { addresses }) {
      if (addresses.length === 0) return
      const peerId: PeerId = peerIdFromString(peer)
      node.peerStore.merge(peerId, { multiaddrs: [...addresses] }).catch(() => {})
    },
    gather(signal) {
      const self = { peer: node.peerId.toString(), name: init.name }
      const { rounds, limits } = init.manifest
      const lookMs = init.hasBegun && init.looksFor ? limits.joinSeconds * 1000 : 0
      return gather({ self, presence, rounds, minPeers: init.minPeers, lookMs }, signal)
    },
    async catchUp(round, signal) {
      const to = await caughtUp(round, signal)
      if (first > to || to > round) {
        first = to
        // The others count on us from now on, and on our head of this round, though we may have ended it once.
        if (to < init.round) await presence.publish(endedBefore(to, init.samples)).catch(() => {})
        else await presence.speak().catch(() => {})
      }
      return to
    },
    async whenElsewhere(peer, round, signal) {
      await presence.until(() => {
        const report = presence.heard().get(peer)
        return (
          report !== undefined &&
          (isUnlike(peer) || report.leaving || isPast(report, round) || isFarBehind(report, round))
        )
      }, signal)
      await setTimeout(onTheWayMs, undefined, { signal })
    },
  }
}

/** What a peer says that comes back to begin with a round: it has ended the one before. */
export function endedBefore(round: number, samples: number): RoundReport {
  return round === 0 ? { round, samples: 0 } : { round: round - 1, samples }
}

/** The upper one of two; −1 of nothing. */
function median(rounds: readonly number[]): number {
  return [...rounds].sort((a, b) => a - b)[Math.floor((rounds.length - 1) / 2)] ?? -1
}

/** It has ended this round, or one after it. */
function isPast({ round, head, samples }: HeardReport, asked: number): boolean {
  // Round 0 is told before and after it; what was trained on, only after it.
  return head !== undefined && (asked === 0 ? samples > 0 : round >= asked)
}

/** Its head of the round asked for is not worth waiting for. */
export function isFarBehind({ round, from }: Pick<HeardReport, 'round' | 'from'>, asked: number): boolean {
  return asked - Math.max(round, from) > farBehind
}
