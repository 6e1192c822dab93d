import { setTimeout } from 'node:timers/promises'
import type { Libp2p, PeerId } from '@libp2p/interface'
import { createDeadline } from '../deadline.js'
import { HearsayError } from '../errors.js'
import {
  digestOf,
  type Handover,
  handoverProtocol,
  isFinal,
  type PeerIdStr,
  Rejection,
  type SendResult,
  type StatePayload,
} from '../gossip/index.js'
import { whenDisconnected } from './connections.js'
import type { Absence, AbsenceReason } from './events.js'
import type { Neighbourhood } from './federation.js'
import type { Lockstep } from './lockstep.js'
import type { Patience } from './patience.js'

/** Where in a run an exchange stands: which round, and which of the round's gossip steps. */
export interface Position {
  readonly round: number
  readonly step: number
}

/** What one exchange brought. */
export interface Swap {
  readonly received: ReadonlyMap<number, Float32Array>
  /** Of which round each head is, where they are not all of the exchange's own. */
  readonly rounds?: ReadonlyMap<number, number>
  readonly absent: readonly Absence[]
  /** Gives the memory of the received heads back: they are merged, and nobody looks at them again. */
  release(): void
}

/** What a round needs of the network. */
export interface Exchange {
  /**
   * Hands `head` to every neighbour that the graph sends to and takes theirs. Ends when each neighbour's head is here,
   * its peer is gone or elsewhere, or nobody is left who is worth waiting for: whoever is missing costs its own share
   * and no more.
   * `head` may be overwritten as soon as this resolves; handing over may then still go on, beside the next training.
   */
  swap(position: Position, head: Float32Array, where: Neighbourhood, signal: AbortSignal): Promise<Swap>
}

/** An exchange over libp2p streams. */
export interface StreamExchange extends Exchange {
  /** Resolves when nothing is being handed over any more. */
  idle(): Promise<void>
  /** What was handed over last, where `keepsLatest` asks to keep it: newcomers want it. */
  latest(): StatePayload | undefined
}

export interface ExchangeInit {
  readonly node: Libp2p
  readonly handover: Handover
  /** Wait for nobody: what is here is merged. @default false */
  readonly isAsync?: boolean
  /** How long an exchange waits for neighbours that are connected and silent. */
  readonly patience: Patience
  /** Keep the payload of the last exchange: a head's memory more. @default false */
  readonly keepsLatest?: boolean
  /**
   * Resolves when it is known that this peer's head of a round will not come, though it is there: its own reports are
   * of another round. Left out, only the deadline tells.
   */
  readonly whenElsewhere?: (peer: PeerIdStr, round: number, signal: AbortSignal) => Promise<void>
  /** What is handed over in a round in place of the head: a fault of a simulation. @default the head */
  readonly forge?: ((round: number, head: Float32Array) => Float32Array) | undefined
  /** Longest try to reach a neighbour whose connection is lost. */
  readonly dialMs: number
  /**
   * Of peers of one process that go in step: who is gone is known and not found out, and no head of a living peer may be
   * lost, since its neighbour waits for it without end.
   */
  readonly lockstep?: Lockstep | undefined
}

/**
 * Heads under way to one neighbour. One that is honest and slow has two at most; one that takes our heads and never
 * answers must not keep all of them in memory.
 */
const sendsPerNeighbour = handoverProtocol.limits.streamsPerPeer

/** In lockstep the next head waits instead; half of what the neighbour allows, whose streams end a little after ours. */
const lockstepSends = sendsPerNeighbour / 2

/**
 * How often a head is handed over whose connection is lost under it or cannot be made. The neighbour may well reach us
 * when we do not reach it; it then waits for our head until its deadline.
 */
const sendTries = 3

/** When a run begins, a neighbour may not have seen yet that we are one: it is asked again for ten seconds. */
const earlyTries = 20
const earlyMs = 500

interface UnderWay {
  readonly end: AbortController
  readonly done: Promise<boolean>
}

/** Exchanges heads over libp2p streams. */
export function createExchange(init: ExchangeInit): StreamExchange {
  const { handover, lockstep } = init
  const sends = new Map<PeerIdStr, UnderWay[]>()
  let kept: StatePayload | undefined
  /** In lockstep: why a living neighbour did not get a head. It ends the run: its numbers would not be the run's. */
  let lost: HearsayError | undefined

  /** Resolves when it is over: did the neighbour take the head? */
  function send(peer: PeerId, position: Position, payload: Uint8Array, signal: AbortSignal): Promise<boolean> {
    const name = peer.toString()
    const underWay = sends.get(name) ?? []
    sends.set(name, underWay)
    const before = underWay.map(({ done }) => done)
    if (lockstep === undefined && underWay.length >= sendsPerNeighbour) underWay[0]!.end.abort()
    const end = new AbortController()
    const until = createDeadline(signal, end.signal)
    const done = persist(peer, position, payload, lockstep ? before.slice(1 - lockstepSends) : [], until.signal)
      // Whatever becomes of it, the neighbour's own head decides whether it counts.
      .catch(() => false)
      .finally(() => {
        until.clear()
        underWay.splice(underWay.indexOf(entry), 1)
        if (underWay.length === 0) sends.delete(name)
      })
    const entry = { end, done }
    underWay.push(entry)
    return done
  }

  /** @param first - what must be over before */
  async function persist(
    peer: PeerId,
    { round, step }: Position,
    payload: Uint8Array,
    first: readonly Promise<unknown>[],
    signal: AbortSignal,
  ): Promise<boolean> {
    await Promise.all(first)
    for (let tries = 1; ; tries++) {
      const result = await handover.send(peer, round, step, payload, signal)
      if (result.ok) return true
      const isEarly = round === 0 && result.reason === 'NOT_A_NEIGHBOUR'
      if (isEarly && tries < earlyTries) await setTimeout(earlyMs, undefined, { signal })
      else if (!isCut(result) || tries >= sendTries) {
        if (lockstep !== undefined && !isKnown(result)) lost ??= lostError(peer, { round, step }, result)
        return false
      }
    }
  }

  /** Hands a copy of `head` to everyone this graph sends to. Resolves when the copy is made, with when all is over. */
  async function sendAll(
    position: Position,
    head: Float32Array,
    { members, self, graph }: Neighbourhood,
    signal: AbortSignal,
  ): Promise<{ readonly over: Promise<unknown> }> {
    const payload = await handover.encode(init.forge?.(position.round, head) ?? head)
    const all = graph
      .sendsTo(self)
      .map(peer => members[peer]!.peerId)
      .filter(peerId => lockstep?.isGone(peerId.toString(), position.round) !== true)
      .map(peerId => send(peerId, position, payload, signal))
    if (init.keepsLatest === true) {
      // Not given back when it is replaced: a newcomer may still be reading it.
      kept = { bytes: payload, digest: await digestOf(payload), round: position.round }
      return { over: Promise.all(all) }
    }
    const over = Promise.all(all).then(taken => {
      if (taken.every(Boolean)) handover.release(payload)
    })
    return { over }
  }

  /** The neighbour's head, or why there is none. @param deadline - ends with `signal` too */
  async function take(
    peer: PeerId,
    position: Position,
    signal: AbortSignal,
    deadline: AbortSignal,
  ): Promise<Float32Array | AbsenceReason> {
    const until = createDeadline(deadline)
    const missing = createDeadline(until.signal)
    let why: AbsenceReason | undefined
    const because = (reason: AbsenceReason) => (): void => {
      why ??= reason
      missing.abort(reason)
    }
    const name = peer.toString()
    const watching = Promise.allSettled([
      whenGone(init, peer, position.round, until.signal).then(because('gone')),
      init.whenElsewhere?.(name, position.round, until.signal).then(because('elsewhere')),
    ])
    try {
      return await handover.take(name, position.round, position.step, missing.signal)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Rejection) return 'refused'
      if (why !== undefined) return why
      if (deadline.aborted) return 'late'
      throw error
    } finally {
      until.abort(new Error('The wait is over'))
      until.clear()
      missing.clear()
      await watching
    }
  }

  /** What is here of the neighbours, of whatever round. */
  function newest({ members, self, graph, topology }: Neighbourhood): Swap {
    const received = new Map<number, Float32Array>()
    const rounds = new Map<number, number>()
    const senders = new Set<PeerIdStr>()
    for (const peer of graph.receivesFrom(self)) {
      const sender = members[peer]!.peerId.toString()
      senders.add(sender)
      const head = handover.latest(sender)
      if (head === undefined) continue
      received.set(peer, head.values)
      rounds.set(peer, head.round)
    }
    // Of those who are no neighbours any more nothing is kept; where graphs change every round, they soon are again.
    if (topology.period === 1) handover.keepOnly(senders)
    return { received, rounds, absent: [], release() {} }
  }

  return {
    async swap(position, head, where, signal) {
      const { members, self, graph } = where
      if (init.isAsync === true) {
        await sendAll(position, head, where, signal)
        return newest(where)
      }
      if (lost !== undefined) throw lost
      handover.advance(position.round, position.step)
      const waiting = init.patience.begin()
      const deadline = createDeadline(signal)
      deadline.within(waiting.limitMs, new Error('The heads did not come in time'))
      const { over } = await sendAll(position, head, where, deadline.signal)

      const received = new Map<number, Float32Array>()
      const absent: Absence[] = []
      const takeFrom = async (peer: number, until: AbortSignal): Promise<void> => {
        const { peerId } = members[peer]!
        const taken = await take(peerId, position, signal, until)
        const how = typeof taken !== 'string' ? 'came' : taken === 'late' ? 'late' : 'absent'
        waiting.ended(peerId.toString(), how)
        if (typeof taken === 'string') absent.push({ peer, reason: taken })
        else received.set(peer, taken)
      }
      const isExpected = (peer: number): boolean => waiting.expects(members[peer]!.peerId.toString())
      const neighbours = graph.receivesFrom(self)
      const others = createDeadline(deadline.signal)
      const expected = Promise.all(neighbours.filter(isExpected).map(peer => takeFrom(peer, deadline.signal)))
      const unexpected = neighbours.filter(peer => !isExpected(peer)).map(peer => takeFrom(peer, others.signal))
      const noMore = (): void => others.abort(new Error('Those worth waiting for have come'))
      const taken = Promise.all([expected.finally(noMore), ...unexpected]).finally(others.clear)
      // Handing over may go on behind the merge, and has until the deadline too.
      void Promise.allSettled([over, taken]).then(deadline.clear)
      await taken
      waiting.done()
      return {
        received,
        absent: absent.sort((a, b) => a.peer - b.peer),
        release() {
          for (const values of received.values()) handover.release(values)
        },
      }
    },
    latest: () => kept,
    async idle() {
      await Promise.all([...sends.values()].flatMap(underWay => underWay.map(({ done }) => done)))
      if (lost !== undefined) throw lost
    },
  }
}

/** Did the way there end, rather than the neighbour refuse? */
function isCut(result: SendResult): boolean {
  return !result.ok && (result.reason === 'CUT_OFF' || result.reason === 'UNREACHABLE')
}

/** Was it refused for what it holds, or is it there already? Whoever waits for it then knows. */
function isKnown(result: SendResult): boolean {
  return !result.ok && (result.reason === 'DUPLICATE' || isFinal(result.reason))
}

function lostError(peer: PeerId, { round, step }: Position, result: SendResult): HearsayError {
  const reason = result.ok ? 'OK' : result.reason
  return new HearsayError(
    'NETWORK',
    `peer ${peer} did not take a head of round ${round + 1}, step ${step + 1} (${reason}), though it is alive; may this process open no more files or connections (ulimit -n)?`,
  )
}

/**
 * Resolves when `peerId` will say nothing any more: in lockstep as it is known, else when it has no connection to us and
 * cannot be dialled. Rejects when `signal` aborts.
 */
async function whenGone(
  { node, dialMs, lockstep }: Pick<ExchangeInit, 'node' | 'dialMs' | 'lockstep'>,
  peerId: PeerId,
  round: number,
  signal: AbortSignal,
): Promise<void> {
  if (lockstep !== undefined) return lockstep.until(() => lockstep.isGone(peerId.toString(), round), signal)
  for (;;) {
    await whenDisconnected(node, peerId, signal)
    const deadline = createDeadline(signal)
    deadline.within(dialMs, new Error('It cannot be reached'))
    try {
      await node.dial(peerId, { signal: deadline.signal })
    } catch {
      signal.throwIfAborted()
      return
    } finally {
      deadline.clear()
    }
  }
}
