import { setTimeout } from 'node:timers/promises'
import type { PeerId } from '@libp2p/interface'
import { createDeadline } from '../../deadline.js'
import { HearsayError } from '../../errors.js'
import {
  type CopyLink,
  type Handover,
  handoverProtocol,
  isFinal,
  type PeerIdStr,
  type SendResult,
} from '../../gossip/index.js'
import type { Position } from '../../methods/index.js'
import type { Lockstep } from '../lockstep.js'

export interface SendsInit {
  readonly handover: Handover
  /**
   * For peers of one process in lockstep: which peers are gone is known rather than detected, and no head of a living
   * peer may be lost, since its neighbour waits for it without limit.
   */
  readonly lockstep?: Lockstep | undefined
}

/** What goes to one neighbour. */
export interface Parcel {
  /** Undefined: there is nothing new. */
  readonly payload: Uint8Array | undefined
  readonly link?: CopyLink | undefined
}

/** What is on its way to neighbours, over libp2p streams, with retries. */
export interface Sends {
  /** Resolves when sending is over: did the neighbour take the head? */
  send(peer: PeerId, position: Position, parcel: Parcel, signal: AbortSignal): Promise<boolean>
  /** Resolves when nothing is being handed over any more. */
  idle(): Promise<void>
  /** @throws {@link HearsayError} `NETWORK` in lockstep, where a living neighbour did not get a head */
  throwIfLost(): void
}

interface UnderWay {
  readonly end: AbortController
  readonly done: Promise<boolean>
}

/**
 * Heads in transit to one neighbour. One that is honest and slow has two at most; one that takes our heads and never
 * answers must not keep all of them in memory.
 */
const sendsPerNeighbour = handoverProtocol.limits.streamsPerPeer

/** In lockstep the next head waits instead; half of the neighbour's limit, whose streams end a little after ours. */
const lockstepSends = sendsPerNeighbour / 2

/**
 * How often a head is sent if its connection is lost or cannot be made. The neighbour may reach us though we do not
 * reach it; it then waits for our head until its deadline.
 */
const sendTries = 3

/** When a run begins, a neighbour may not know yet that we are one: the head is sent again for ten seconds. */
const earlyTries = 20
const earlyMs = 500

export function createSends({ handover, lockstep }: SendsInit): Sends {
  const sends = new Map<PeerIdStr, UnderWay[]>()
  /** In lockstep: why a living neighbour did not get a head. It ends the run, whose numbers would be wrong. */
  let lost: HearsayError | undefined

  function send(peer: PeerId, position: Position, parcel: Parcel, signal: AbortSignal): Promise<boolean> {
    const name = peer.toString()
    const underWay = sends.get(name) ?? []
    sends.set(name, underWay)
    const before = underWay.map(({ done }) => done)
    if (lockstep === undefined && underWay.length >= sendsPerNeighbour) underWay[0]!.end.abort()
    const end = new AbortController()
    const until = createDeadline(signal, end.signal)
    const done = persist(peer, position, parcel, lockstep ? before.slice(1 - lockstepSends) : [], until.signal)
      // An error here does not matter: whether the neighbour counts depends on its own head.
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

  /** @param first - what must be over before this head is sent */
  async function persist(
    peer: PeerId,
    { round, step }: Position,
    { payload, link }: Parcel,
    first: readonly Promise<unknown>[],
    signal: AbortSignal,
  ): Promise<boolean> {
    await Promise.all(first)
    for (let tries = 1; ; tries++) {
      const result = await handover.send(peer, round, step, payload, signal, link)
      if (result.ok) return true
      const isEarly = round === 0 && result.reason === 'NOT_A_NEIGHBOUR'
      if (isEarly && tries < earlyTries) await setTimeout(earlyMs, undefined, { signal })
      else if (!isCut(result) || tries >= sendTries) {
        if (lockstep !== undefined && !isKnown(result, payload)) lost ??= lostError(peer, { round, step }, result)
        return false
      }
    }
  }

  return {
    send,
    async idle() {
      await Promise.all([...sends.values()].flatMap(underWay => underWay.map(({ done }) => done)))
    },
    throwIfLost() {
      if (lost !== undefined) throw lost
    },
  }
}

/** Did the connection fail, rather than the neighbour refuse? */
function isCut(result: SendResult): boolean {
  return !result.ok && (result.reason === 'CUT_OFF' || result.reason === 'UNREACHABLE')
}

/**
 * Was the head refused for its contents, or had it arrived already? The neighbour then does not wait for it. Nor does one
 * that is past the position of which it is told that nothing is new: the head sent in answer came first.
 */
function isKnown(result: SendResult, payload: Uint8Array | undefined): boolean {
  if (result.ok) return false
  return (
    result.reason === 'DUPLICATE' ||
    isFinal(result.reason) ||
    (payload === undefined && result.reason === 'STALE_ROUND')
  )
}

function lostError(peer: PeerId, { round, step }: Position, result: SendResult): HearsayError {
  const reason = result.ok ? 'OK' : result.reason
  return new HearsayError(
    'NETWORK',
    `peer ${peer} did not take a head of round ${round + 1}, step ${step + 1} (${reason}), though it is alive; may this process open no more files or connections (ulimit -n)?`,
  )
}
