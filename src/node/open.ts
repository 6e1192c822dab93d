import { setTimeout } from 'node:timers/promises'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import {
  askState,
  createDeadline,
  type Handover,
  type HeardReport,
  type HearsayHost,
  type PeerIdStr,
  type Presence,
  presenceProtocol,
  type Standing,
  type StatePayload,
  StateRefused,
} from '../gossip/index.js'
import { type HeadSection, headOf } from '../tensors/index.js'
import type { Topology } from '../topology/index.js'
import { copyInSlices } from '../turns.js'
import type { PeerEvent } from './events.js'
import { type Federation, fixedFederation, openFederation } from './federation.js'
import type { Manifest } from './manifest.js'
import type { Member } from './member.js'

export interface OpenRunInit {
  readonly self: number
  readonly name: string
  readonly runId: Uint8Array
  readonly node: HearsayHost
  readonly presence: Presence
  /** Our newest head that others were given. */
  readonly latest: () => StatePayload | undefined
  /** Reads heads of others, for who is behind. Left out, everybody keeps its own: a mixture's peers differ. */
  readonly heads?: Pick<Handover, 'payloadBytes' | 'decode' | 'release'>
  readonly parameters: Float32Array
  readonly head: HeadSection
  readonly topologyOf: (peers: number) => Topology
  /** A federation that is written down has these members, there or not, and `self` is this peer's place among them. */
  readonly members?: readonly Member[]
  readonly manifest: Pick<Manifest, 'rounds' | 'limits' | 'mode'>
  /** See {@link Entry}. */
  readonly round: number
  readonly hasBegun: boolean
  readonly minPeers: number
}

/** A run whose peers come and go, as one of them lives it. */
export interface OpenRun {
  readonly federation: Federation
  /** What it says of itself; where it is reached, and who it leaves, others know. */
  standing(): Pick<Standing, 'from' | 'head'>
  /** Takes note of where another peer is reached. */
  learn(peer: PeerIdStr, report: HeardReport): void
  /**
   * Waits until enough peers are there, itself among them: `minPeers` before the first round of all; where the run has
   * begun, any other, and not for ever. @throws the signal's reason
   */
  gather(signal: AbortSignal): AsyncGenerator<PeerEvent, void, undefined>
  /** See {@link RoundsInit.catchUp}: when most of the others are more than one round ahead, takes over a head of theirs. */
  catchUp(round: number, signal: AbortSignal): Promise<number>
  /** See {@link ExchangeInit.whenElsewhere}. */
  whenElsewhere(peer: PeerIdStr, round: number, signal: AbortSignal): Promise<void>
}

/** A peer that has ended a later round may still have its head of the round before on the way. */
const onTheWayMs = 1_000

/** Longest wait for the record that says whose a head is; it comes at the end of its owner's round. */
const recordMs = 10_000

/** A peer that is so many rounds behind will not bring its head of this round in time. */
const farBehind = 2

export function createOpenRun(init: OpenRunInit): OpenRun {
  const { node, presence, heads, runId } = init
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
  const liveIn = (round: number): PeerIdStr[] => presence.live().filter(peer => reportOf(peer).from <= round)

  /** The round that most of the others have ended, or −1. Who has no head yet is as new as we are. */
  function endedByMost(): number {
    const ended = presence
      .live()
      .map(reportOf)
      .filter(({ head }) => head !== undefined)
      .map(report => report.round)
      .sort((a, b) => a - b)
    return ended[Math.floor(ended.length / 2)] ?? -1
  }

  /** A head of the others, of this round or later, whose digest is the one that its owner has signed. */
  async function headFrom(
    heads: NonNullable<OpenRunInit['heads']>,
    round: number,
    signal: AbortSignal,
  ): Promise<{ round: number; values: Float32Array } | undefined> {
    const candidates = presence
      .live()
      .filter(peer => (reportOf(peer).head?.round ?? -1) >= round)
      .sort((a, b) => reportOf(b).head!.round - reportOf(a).head!.round)
    for (const peer of candidates.slice(0, 3)) {
      try {
        const question = { what: 'HEAD', runId, limitBytes: heads.payloadBytes } as const
        const answer = await askState(node, peerIdFromString(peer), question, signal)
        await signedBy(peer, answer, signal)
        return { round: answer.round, values: await heads.decode(answer.bytes) }
      } catch {
        // Gone, busy or lying: the next one.
        signal.throwIfAborted()
      }
    }
    return undefined
  }

  /** A head that is newer than its owner's last record waits for the next record. */
  async function signedBy(
    peer: PeerIdStr,
    { round, digest }: { readonly round: number; readonly digest: Uint8Array },
    signal: AbortSignal,
  ): Promise<void> {
    const deadline = createDeadline(signal)
    deadline.within(recordMs, new StateRefused('BROKEN'))
    try {
      await presence.until(() => (reportOf(peer).head?.round ?? -1) >= round, deadline.signal)
    } finally {
      deadline.clear()
    }
    const { head } = reportOf(peer)
    if (head?.round !== round || Buffer.compare(head.digest, digest) !== 0) throw new StateRefused('BROKEN')
  }

  /** The round to go on with; the head is the others' where that is another one. */
  async function caughtUp(round: number, signal: AbortSignal): Promise<number> {
    const ended = endedByMost()
    // One round apart is the gait of gossip: who waits for whom changes from round to round.
    const isFirst = first === init.manifest.rounds
    // Where nobody waits, everybody has a pace of its own.
    if (!isFirst && init.manifest.mode === 'async') return round
    if (isFirst ? ended < round : ended <= round) return round
    const found = heads && (await headFrom(heads, Math.max(0, ended), signal))
    if (found === undefined) return ended + 1
    await copyInSlices(headOf(init.parameters, init.head), found.values)
    heads?.release(found.values)
    return Math.max(ended, found.round) + 1
  }

  async function* gathered(wanted: number, deadline: AbortSignal, signal: AbortSignal): AsyncGenerator<PeerEvent> {
    let told = -1
    let pauseMs: number = presenceProtocol.repeatMs
    for (;;) {
      const live = presence.live()
      if (live.length !== told) {
        told = live.length
        const names = live.map(peer => reportOf(peer).name)
        yield { type: 'waiting', peer: init.self, live: [init.name, ...names], wanted }
      }
      if (live.length + 1 >= wanted || deadline.aborted) break
      await presence.speak({ asks: true }).catch(() => {})
      // Asked before gossipsub has found the others, nobody hears it: it is asked again.
      const pause = createDeadline(deadline)
      pause.within(pauseMs, new Error('Asked again'))
      pauseMs = Math.min(2 * pauseMs, presenceProtocol.repeatsApart * presenceProtocol.repeatMs)
      try {
        await presence.until(() => presence.live().length !== told, pause.signal)
      } catch (error) {
        signal.throwIfAborted()
        if (!pause.signal.aborted) throw error
      } finally {
        pause.clear()
      }
    }
    signal.throwIfAborted()
    await presence.speak({ asks: true }).catch(() => {})
    yield { type: 'joined', peer: init.self, heard: told, missing: [] }
  }

  return {
    federation:
      init.members === undefined
        ? openFederation({ self: own, live: round => liveIn(round).map(memberOf), topologyOf: init.topologyOf })
        : fixedFederation(init.members, init.self, init.topologyOf(init.members.length)),
    standing() {
      const head = init.latest()
      return { from: first, head: head && { round: head.round, digest: head.digest } }
    },
    learn(peer, { addresses }) {
      if (addresses.length === 0) return
      const peerId: PeerId = peerIdFromString(peer)
      node.peerStore.merge(peerId, { multiaddrs: [...addresses] }).catch(() => {})
    },
    async *gather(signal) {
      const wanted = init.hasBegun ? 2 : init.minPeers
      // Before the first round of all there is no hurry.
      const deadline = createDeadline(signal)
      if (init.hasBegun) deadline.within(init.manifest.limits.joinSeconds * 1000, new Error('Nobody came'))
      try {
        yield* gathered(wanted, deadline.signal, signal)
      } finally {
        deadline.clear()
      }
    },
    async catchUp(round, signal) {
      const to = await caughtUp(round, signal)
      if (first > to || to > round) {
        first = to
        // The others count on us from now on.
        await presence.speak().catch(() => {})
      }
      return to
    },
    async whenElsewhere(peer, round, signal) {
      await presence.until(() => {
        const report = presence.heard().get(peer)
        return report !== undefined && (report.leaving || isPast(report, round) || isFarBehind(report, round))
      }, signal)
      await setTimeout(onTheWayMs, undefined, { signal })
    },
  }
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
