import type { PeerId } from '@libp2p/interface'
import { type CopyLink, digestOf, type StatePayload } from '../../gossip/index.js'
import type { Neighbourhood, Position, Tell } from '../../methods/index.js'
import type { Member } from '../membership/member.js'
import { type Conceal, type Forge, saidTo } from './forge.js'
import { createSends, type SendsInit } from './sends.js'

/** Sends the own head to the neighbours. */
export interface Outbox {
  /**
   * Hands a copy of `head`, or of what each is told, to every peer this graph sends to. Resolves once copied, with the end
   * of all sends.
   */
  toAll(
    position: Position,
    head: Float32Array,
    where: Neighbourhood<Member>,
    signal: AbortSignal,
    tell?: Tell,
  ): Promise<{ readonly over: Promise<unknown> }>
  /**
   * Says to every peer this graph sends to that there is nothing new.
   *
   * @param head - not to be changed before `over` resolves
   */
  quietly(position: Position, head: Float32Array, where: Neighbourhood<Member>, signal: AbortSignal): Answers
  /** The payload that was handed over last, if `keepsLatest` is set. */
  latest(): StatePayload | undefined
  /** Resolves when nothing is being handed over any more. */
  idle(): Promise<void>
  /** @throws {@link HearsayError} `NETWORK` in lockstep, where a living neighbour did not get a head */
  throwIfLost(): void
}

/** Where this peer has nothing new: the head for those neighbours that have. */
export interface Answers {
  /** Hands it to one of them. Resolves once it is copied. */
  to(peer: PeerId): Promise<void>
  /** To be called when no more answers follow. Resolves once the head may change, with the end of all sends. */
  over(): Promise<{ readonly over: Promise<unknown> }>
}

export interface OutboxInit extends SendsInit {
  /** Keep the payload of the last exchange, at the memory of one more head. @default false */
  readonly keepsLatest?: boolean
  /** Decides what is handed over: a simulated attack. @default the head */
  readonly forge?: Forge | undefined
  /** Hides what is handed over. @default nothing is hidden */
  readonly conceal?: Conceal
  /** With memory: called with each payload before it is sent, and says what its header has of the copy. */
  readonly link?: (payload: Uint8Array) => Promise<CopyLink>
}

/** Hands heads to neighbours over libp2p streams, with retries. */
export function createOutbox(init: OutboxInit): Outbox {
  const { handover, lockstep } = init
  const sends = createSends(init)
  let kept: StatePayload | undefined

  function receiversOf({ members, self, graph }: Neighbourhood<Member>, { round }: Position): readonly number[] {
    return graph.sendsTo(self).filter(peer => lockstep?.isGone(members[peer]!.peerId.toString(), round) !== true)
  }

  /** Keeps a payload for newcomers, or returns its memory when all have taken it. */
  async function letGo(payload: Uint8Array, round: number, over: Promise<readonly boolean[]>): Promise<void> {
    if (init.keepsLatest === true) {
      // Its memory is not released when it is replaced: a newcomer may still be reading it.
      kept = { bytes: payload, digest: await digestOf(payload), round }
      return
    }
    void over.then(taken => {
      if (taken.every(Boolean)) handover.release(payload)
    })
  }

  async function toAll(
    position: Position,
    head: Float32Array,
    where: Neighbourhood<Member>,
    signal: AbortSignal,
    tell?: Tell,
  ): Promise<{ readonly over: Promise<unknown> }> {
    const { members } = where
    const receivers = receiversOf(where, position)
    const ends: Promise<unknown>[] = []
    const instead = { ...init, tell }
    for await (const { vector, receivers: some } of saidTo(receivers, instead, position, head, where, signal)) {
      const payload = await handover.encode(vector)
      const parcel = { payload, link: await init.link?.(payload) }
      const all = some.map(peer => sends.send(members[peer]!.peerId, position, parcel, signal))
      const over = Promise.all(all)
      ends.push(over)
      await letGo(payload, position.round, over)
    }
    return { over: Promise.all(ends) }
  }

  return {
    toAll,
    quietly(position, head, where, signal) {
      const stills = receiversOf(where, position).map(peer =>
        sends.send(where.members[peer]!.peerId, position, { payload: undefined }, signal),
      )
      let encoded: Promise<Uint8Array> | undefined
      const ends: Promise<boolean>[] = []
      return {
        async to(peer) {
          encoded ??= handover.encode(head)
          ends.push(sends.send(peer, position, { payload: await encoded }, signal))
        },
        async over() {
          const all = Promise.all(ends)
          // Newcomers request the head of this round, though no neighbour took it.
          if (init.keepsLatest === true) encoded ??= handover.encode(head)
          if (encoded !== undefined) await letGo(await encoded, position.round, all)
          return { over: Promise.all([...stills, all]) }
        },
      }
    },
    latest: () => kept,
    idle: sends.idle,
    throwIfLost: sends.throwIfLost,
  }
}
