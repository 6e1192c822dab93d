import { setTimeout } from 'node:timers/promises'
import type { Libp2p, PeerId } from '@libp2p/interface'
import {
  digestOf,
  type Handover,
  handoverProtocol,
  type PeerIdStr,
  type SendResult,
  type StatePayload,
} from '../gossip/index.js'
import { whenDisconnected } from './connections.js'
import type { Absence, AbsenceReason } from './events.js'
import type { Neighbourhood } from './federation.js'
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
  /** Longest try to reach a neighbour whose connection is lost. */
  readonly dialMs: number
}

/**
 * Heads under way to one neighbour. One that is honest and slow has two at most; one that takes our heads and never
 * answers must not keep all of them in memory.
 */
const sendsPerNeighbour = handoverProtocol.limits.streamsPerPeer

/**
 * How often a head is handed over whose connection is lost under it or cannot be made. The neighbour may well reach us
 * when we do not reach it; it then waits for our head until its deadline.
 */
const sendTries = 3

/** When a run begins, a neighbour may not have seen yet that we are one: it is asked again for ten seconds. */
const earlyTries = 20
const earlyMs = 500

/** Exchanges heads over libp2p streams. */
export function createExchange(init: ExchangeInit): StreamExchange {
  const { handover } = init
  const sends = new Map<PeerIdStr, { readonly end: AbortController; readonly done: Promise<boolean> }[]>()

  let kept: StatePayload | undefined

  /** Resolves when it is over: did the neighbour take the head? */
  function send(peer: PeerId, { round, step }: Position, payload: Uint8Array, signal: AbortSignal): Promise<boolean> {
    const underWay = sends.get(peer.toString()) ?? []
    sends.set(peer.toString(), underWay)
    if (underWay.length >= sendsPerNeighbour) underWay[0]!.end.abort()
    const end = new AbortController()
    const until = AbortSignal.any([signal, end.signal])
    const attempt = (): Promise<SendResult> => handover.send(peer, round, step, payload, until)
    const persist = async (): Promise<boolean> => {
      for (let tries = 1; ; tries++) {
        const result = await attempt()
        const isEarly = round === 0 && !result.ok && result.reason === 'NOT_A_NEIGHBOUR'
        if (isEarly && tries < earlyTries) await setTimeout(earlyMs, undefined, { signal: until })
        else if (!isCut(result) || tries >= sendTries) return result.ok
      }
    }
    const done = persist()
      // Whatever becomes of it, the neighbour's own head decides whether it counts.
      .catch(() => false)
      .finally(() => {
        underWay.splice(underWay.indexOf(entry), 1)
        if (underWay.length === 0) sends.delete(peer.toString())
      })
    const entry = { end, done }
    underWay.push(entry)
    return done
  }

  /** Hands a copy of `head` to everyone this graph sends to. Resolves when the copy is made. */
  async function sendAll(
    position: Position,
    head: Float32Array,
    { members, self, graph }: Neighbourhood,
    signal: AbortSignal,
  ): Promise<void> {
    const payload = await handover.encode(head)
    const all = graph.sendsTo(self).map(peer => send(members[peer]!.peerId, position, payload, signal))
    if (init.keepsLatest === true) {
      // Not given back when it is replaced: a newcomer may still be reading it.
      kept = { bytes: payload, digest: await digestOf(payload), round: position.round }
      return
    }
    void Promise.all(all).then(taken => {
      if (taken.every(Boolean)) handover.release(payload)
    })
  }

  /** The neighbour's head, or why there is none. */
  async function take(
    peer: PeerId,
    position: Position,
    signal: AbortSignal,
    deadline: AbortSignal,
  ): Promise<Float32Array | AbsenceReason> {
    const settled = new AbortController()
    const missing = new AbortController()
    const until = AbortSignal.any([signal, deadline, settled.signal])
    const because = (reason: AbsenceReason) => (): void => missing.abort(reason)
    const name = peer.toString()
    const watching = Promise.allSettled([
      whenGone(init, peer, until).then(because('gone')),
      init.whenElsewhere?.(name, position.round, until).then(because('elsewhere')),
    ])
    try {
      return await handover.take(name, position.round, position.step, AbortSignal.any([until, missing.signal]))
    } catch (error) {
      signal.throwIfAborted()
      if (missing.signal.aborted) return missing.signal.reason as AbsenceReason
      if (deadline.aborted) return 'late'
      throw error
    } finally {
      settled.abort()
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
      handover.advance(position.round, position.step)
      const waiting = init.patience.begin()
      const deadline = AbortSignal.timeout(waiting.limitMs)
      await sendAll(position, head, where, AbortSignal.any([signal, deadline]))

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
      const others = new AbortController()
      const until = AbortSignal.any([deadline, others.signal])
      const expected = Promise.all(neighbours.filter(isExpected).map(peer => takeFrom(peer, deadline)))
      const unexpected = neighbours.filter(peer => !isExpected(peer)).map(peer => takeFrom(peer, until))
      await Promise.all([expected.finally(() => others.abort()), ...unexpected])
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
    },
  }
}

/** Did the way there end, rather than the neighbour refuse? */
function isCut(result: SendResult): boolean {
  return !result.ok && (result.reason === 'CUT_OFF' || result.reason === 'UNREACHABLE')
}

/** Resolves when `peerId` has no connection to us and cannot be dialled; rejects when `signal` aborts. */
async function whenGone(
  { node, dialMs }: Pick<ExchangeInit, 'node' | 'dialMs'>,
  peerId: PeerId,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await whenDisconnected(node, peerId, signal)
    try {
      await node.dial(peerId, { signal: AbortSignal.any([signal, AbortSignal.timeout(dialMs)]) })
    } catch {
      signal.throwIfAborted()
      return
    }
  }
}
