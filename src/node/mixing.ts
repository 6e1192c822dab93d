import { setTimeout } from 'node:timers/promises'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { codecNamed } from '../codec/index.js'
import type { Samples } from '../data/index.js'
import { createDeadline } from '../deadline.js'
import {
  type Access,
  type Buffers,
  createPublication,
  type HearsayHost,
  type PeerIdStr,
  type Presence,
  ReasonCounts,
  type Timing,
} from '../gossip/index.js'
import type { Learner, LocalPlan } from '../learner/index.js'
import {
  createExpertStore,
  type Expert,
  expertLimit,
  type GateWeights,
  type MixtureLearner,
  type MixtureReport,
  type MixtureSettings,
} from '../mixture/index.js'
import { type HeadSection, headOf } from '../tensors/index.js'
import { createBelievedExperts } from './believed-experts.js'
import type { Absence, PeerEvent, Shares, Tested } from './events.js'
import type { ExchangeInit } from './exchange.js'
import { createHearing } from './hearing.js'
import type { Identity } from './identity.js'
import type { Lockstep } from './lockstep.js'
import type { Manifest } from './manifest.js'
import type { Member } from './member.js'
import type { Patience } from './patience.js'
import { whose } from './whose.js'
import type { Beginning, MethodWork } from './work.js'

/** How long nothing must have come before somebody is asked for what is missing. */
const askMs = 5_000
/** How many are asked: all have the same heads but for what was lost on its way to them. */
const askedPeers = 8

export interface MixingInit {
  /** Of this peer, in events. */
  readonly self: number
  /** Of this peer, in messages. */
  readonly name: string
  readonly manifest: Manifest
  readonly runId: Uint8Array
  readonly identity: Identity
  readonly settings: MixtureSettings
  readonly learner: Learner
  readonly mixture: MixtureLearner
  /** Local training of a round. */
  readonly localPlan: (round: number) => LocalPlan
  readonly parameters: Float32Array
  readonly head: HeadSection
  readonly test: Samples
  /** See {@link ExchangeInit}. */
  readonly forge?: ExchangeInit['forge']
  readonly buffers?: Buffers
  readonly access?: Access
  readonly invite?: Uint8Array
  readonly patience: Patience
  /** Peers whose heads never reach this one: a fault of a simulation. @default none */
  readonly isDeafTo?: ((peer: PeerIdStr) => boolean) | undefined
  readonly timing: Timing
  /** Of peers of one process that go in step. */
  readonly lockstep?: Lockstep | undefined
  /** The SHA-256 of the sum that this peer sees its data by, once it has one. @default the run has none */
  readonly sumDigest?: () => Uint8Array | undefined
}

/** A received head with the name of its peer. */
export interface NamedExpert extends Expert {
  readonly name?: string | undefined
}

/** A received head, and by which sum its author sees its data; of one that was kept, by that of this peer. */
interface ToldExpert extends Expert {
  readonly sumDigest: Uint8Array | 'own' | undefined
}

/** A mixture as a method: a head goes to everybody, and everybody's are asked as experts (ALGORITHMS.md 4.2). */
export interface Mixing extends MethodWork {
  /** From now on only these are heard. */
  expect(members: readonly Member[]): void
  /** Gets the heads that some of those who are there hold: for who comes late, or was away. @throws the signal's reason */
  catchUp(signal: AbortSignal): Promise<void>
  /** What has been received, of rounds up to this. @default all */
  named(upTo?: number): NamedExpert[]
  /** Puts back what was received before, where nothing newer is here. */
  recall(experts: readonly NamedExpert[]): void
  /** Lets go of what was put back: it was received by another sum than this peer will have. */
  forgetRecalled(): void
}

export function createMixing(init: MixingInit, node: HearsayHost, presence: Presence): Mixing {
  const { self, manifest, mixture, learner, parameters, localPlan, test } = init
  const experts = createExpertStore<ToldExpert>({ numbers: init.head.layout.size, limit: expertLimit })
  const isJoint = init.settings.schedule === 'joint'
  const isSync = manifest.mode === 'sync'
  const isDeafTo = init.isDeafTo ?? (() => false)
  const { lockstep } = init
  const hearing = createHearing({ presence, patience: init.patience, lockstep })
  /** Heads of our own that everybody would have refused, and others' that mean nothing here, by reason. */
  const unfit = new ReasonCounts<string>()
  const { sumDigest = () => undefined } = init
  const noSum = new Uint8Array()
  const isAlike = (theirs: ToldExpert['sumDigest']): boolean =>
    theirs === 'own' || Buffer.compare(theirs ?? noSum, sumDigest() ?? noSum) === 0
  const believed = createBelievedExperts(manifest.limits.headDistance)
  let known: readonly Member[] | undefined
  /** Names of members that are known beforehand, who may never speak. */
  const writtenDown = new Map<PeerIdStr, string>()
  /** When the last head came. */
  let heardAt = performance.now()
  let inRound = 0

  const publication = createPublication({
    runId: init.runId,
    rounds: manifest.rounds,
    privateKey: init.identity.privateKey,
    layout: init.head.layout,
    codec: codecNamed(manifest.encoding),
    normLimit: manifest.limits.headNorm,
    timing: init.timing,
    authors: expertLimit,
    isLive: author => presence.live().includes(author),
    sumDigest,
    onHead(author, round, head, theirs) {
      // A way that is cut brings no head, and yet a simulation goes in step.
      if (!isDeafTo(author)) experts.receive({ peer: author, round, head, sumDigest: theirs })
      // Who has no sum yet cannot tell: all are looked at again before they are asked.
      if (sumDigest() !== undefined && !isAlike(theirs)) unfit.add('OTHER_SUMS')
      heardAt = performance.now()
      hearing.heard(author, round)
    },
    ...(init.access && { admits: init.access.admitsAuthor }),
    ...(init.invite && { invite: init.invite }),
    ...(init.buffers && { buffers: init.buffers }),
  })({ node })

  const named = (peer: string): { name: string; peer: string } => ({
    name: presence.heard().get(peer)?.name ?? writtenDown.get(peer) ?? peer.slice(-6),
    peer,
  })
  const sharesOf = ({ own, experts }: GateWeights): Shares => ({
    own,
    experts: experts.map(({ peer, weight }) => ({ ...named(peer), weight })),
  })
  /** In step, a head of a later round that is here already is not yet to be asked: who is quick changes nothing. */
  const heardIn = (round: number, upTo = round) => experts.experts(round, isSync ? upTo : undefined)
  const expertsIn = (round: number, upTo = round) => heardIn(round, upTo).filter(({ sumDigest }) => isAlike(sumDigest))
  async function trained(round: number, signal: AbortSignal): Promise<MixtureReport> {
    // By the joint schedule it comes before the exchange, when some of this round's heads may be here and others not.
    const all = await believed.of(expertsIn(round, isJoint ? round - 1 : round), headOf(parameters, init.head))
    const training = believed.trainWith(all, some => mixture.train(round, parameters, some, { signal }))
    return whose(init.name, training)
  }

  /** Gossipsub promises nothing: what does not come by itself is asked for, of whoever has it. */
  async function heardAll(peers: readonly PeerIdStr[], round: number, signal: AbortSignal): Promise<void> {
    const waiting = createDeadline(signal)
    // Where asking fails nothing comes any more that was lost: the wait ends with its error.
    const asking = askFor(waiting.signal).catch(error => waiting.abort(error))
    try {
      await hearing.whenAll(peers, round, waiting.signal)
    } finally {
      waiting.abort(new Error('The wait is over'))
      waiting.clear()
      await asking
    }
  }

  /** Whenever nothing has come for a while. @throws the signal's reason */
  async function askFor(signal: AbortSignal): Promise<void> {
    heardAt = performance.now()
    for (;;) {
      const quietMs = performance.now() - heardAt
      if (quietMs >= askMs) {
        await catchUp(signal)
        heardAt = performance.now()
      } else await setTimeout(Math.ceil(askMs - quietMs), undefined, { signal })
    }
  }

  async function catchUp(signal: AbortSignal): Promise<void> {
    // Presence never misses anybody in a simulation, and nothing there bounds the wait for an answer: what listens at the
    // address of the dead by now may give none, and nobody else would be asked again.
    const there = presence.live().filter(peer => lockstep?.isGone(peer, inRound) !== true)
    // Others every time, and first of all those who need not be dialled.
    const live = there.map(peer => ({ peerId: peerIdFromString(peer), order: Math.random() }))
    const isFar = (peerId: PeerId): number => (node.getConnections(peerId).length === 0 ? 1 : 0)
    live.sort((a, b) => isFar(a.peerId) - isFar(b.peerId) || a.order - b.order)
    await publication.catchUp(
      live.slice(0, askedPeers).map(({ peerId }) => peerId),
      signal,
    )
  }

  async function* exchange(
    { federation, open, tellsMembers }: Beginning,
    round: number,
    head: Float32Array,
    signal: AbortSignal,
  ): AsyncGenerator<PeerEvent, void, undefined> {
    const startedAt = performance.now()
    const { members, self: place } = federation.at(round)
    if (tellsMembers && members !== known) {
      known = members
      yield { type: 'members', peer: self, round, names: known.map(({ name }) => name) }
    }
    await lockstep?.whenEnded(round - 1, signal)
    const published = await publication.publish(round, init.forge?.(round, head) ?? head)
    if (!published.ok) {
      unfit.add(`OWN_${published.reason}`)
      lockstep?.withhold(node.peerId.toString(), round)
    }
    const ids = members.map(({ peerId }) => peerId.toString())
    const isUnlike = (id: PeerIdStr): boolean => open?.isUnlike(id) === true
    const others = ids.filter((id, number) => number !== place && !isUnlike(id))
    if (isSync) await heardAll(others, round, signal)
    const live = new Set(presence.live())
    const absent: Absence[] = []
    const received: number[] = []
    const unlike = new Set(heardIn(round).flatMap(({ peer, sumDigest }) => (isAlike(sumDigest) ? [] : peer)))
    for (const [peer, id] of ids.entries()) {
      if (peer === place) continue
      if (isUnlike(id) || unlike.has(id)) absent.push({ peer, reason: 'refused' })
      else if (hearing.has(id, isSync ? round : 0) && !isDeafTo(id)) received.push(peer)
      else if (lockstep?.isWithheld(id, round) === true) absent.push({ peer, reason: 'refused' })
      else absent.push({ peer, reason: live.has(id) && lockstep?.isGone(id, round) !== true ? 'late' : 'gone' })
    }
    const waitSeconds = (performance.now() - startedAt) / 1000
    yield { type: 'exchanged', peer: self, round, step: 0, received, absent, waitSeconds }
  }

  return {
    start: () => publication.start(),
    stop: () => publication.stop(),
    expect(members) {
      for (const { peerId, name } of members) writtenDown.set(peerId.toString(), name)
      publication.expect(members.map(({ peerId }) => peerId))
    },
    catchUp,
    named: upTo =>
      experts
        .experts(manifest.rounds, upTo)
        .filter(expert => isAlike(expert.sumDigest) && believed.has(expert))
        .map(({ peer, round, head }) => ({ ...named(peer), round, head })),
    recall(kept) {
      for (const { peer, name, round, head } of kept) {
        if (name !== undefined) writtenDown.set(peer, name)
        experts.receive({ peer, round, head, sumDigest: 'own' })
        hearing.heard(peer, round)
      }
    },
    forgetRecalled() {
      for (const { peer, sumDigest } of experts.experts(manifest.rounds)) if (sumDigest === 'own') experts.forget(peer)
    },

    begin: beginning => ({
      train: (round, signal) =>
        isJoint
          ? trained(round, signal)
          : whose(init.name, learner.train(parameters, round, localPlan(round), { signal })),
      async *gossip(round, head, signal) {
        yield* exchange(beginning, round, head, signal)
        const { members } = beginning.federation.at(round)
        // The joint schedule trains with them in the next round; until then it is known who is too long.
        if (isJoint) await believed.of(expertsIn(round), head)
        const report = isJoint ? undefined : await trained(round, signal)
        const heads = believed.refusals(members)
        if (heads.length > 0) yield { type: 'refused', peer: self, round, step: 0, heads }
        if (report === undefined) return
        const { loss, seconds, gate } = report
        yield { type: 'mixed', peer: self, round, experts: experts.size, loss, seconds, weights: sharesOf(gate) }
      },
      async evaluate(round, signal): Promise<Tested> {
        // Until they are trained, the transforms say nothing of what the others' heads are worth.
        const others = round < init.settings.warmUp ? [] : expertsIn(round).filter(believed.has)
        const tested = await mixture.evaluate(parameters, others, test, { signal })
        const { own, mixture: mixed, bestExpert, gate } = tested
        const best = bestExpert && { ...named(bestExpert.peer), accuracy: bestExpert.accuracy }
        const { loss: _loss, ...before } = own
        return {
          ...mixed,
          before,
          mixture: { own: own.accuracy, ...(best && { bestExpert: best }), weights: sharesOf(gate) },
        }
      },
    }),

    at(round) {
      inRound = round
    },
    // What others hold of it counts on: a mixture asks for published heads.
    async offer() {},
    latest: () => publication.latest(),
    heads: publication.answers,
    async idle() {},
    get counters() {
      const { sentBytes, receivedBytes, rejected } = publication.counters
      return { sentBytes, receivedBytes, rejected: { ...rejected, ...unfit.toRecord(), ...believed.counts() } }
    },
  }
}
