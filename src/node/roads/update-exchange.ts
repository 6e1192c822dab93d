import type { PeerId } from '@libp2p/interface'
import { createDeadline } from '../../deadline.js'
import { type CopyLink, Rejection, type StatePayload } from '../../gossip/index.js'
import type { Neighbourhood, Position, Swap, Tell } from '../../methods/index.js'
import { ReasonCounts } from '../../reason-counts.js'
import { reserveVector } from '../../tensors/index.js'
import { inSlices } from '../../turns.js'
import type { Member } from '../membership/member.js'
import { anchorOfMost, type VotedAnchor } from './anchor-votes.js'
import { createExchange, type ExchangeInit, type StreamExchange } from './exchange.js'
import type { Forge } from './forge.js'
import type { Waiting } from './patience.js'
import type { WholeVectors } from './whole-vectors.js'

export interface UpdateExchangeInit extends Omit<ExchangeInit, 'conceal' | 'isAsync' | 'link' | 'lateRounds'> {
  readonly whole: WholeVectors
  /** Requests a neighbour's anchor, whole. Left out, a peer goes on from its own. */
  readonly ask?: ((peer: PeerId, signal: AbortSignal) => Promise<StatePayload>) | undefined
}

/** Why a message was not merged, or an anchor not taken over. */
export type AnchorReason =
  | 'ANCHOR_UNLIKE' // its anchor is not the one that most have: only the anchor's owner can make something of it
  | 'ANCHOR_UNANSWERED' // most have another than this peer, and none of them gave it in time

/**
 * An exchange of updates (ALGORITHMS-2.md 6.3): of what a peer has, only the way from the anchor travels, on which all
 * agree and which is nowhere sent. Each message has the anchor's digest. Who has missed a message that others have heard
 * finds its own unlike that of most, takes theirs over whole, and has said nothing in that round.
 */
export interface UpdateExchange extends StreamExchange {
  readonly counters: {
    readonly rejected: Readonly<Record<string, number>>
    readonly repairBytes: number
  }
}

/** Longest wait for an anchor, where the exchange would wait longer. */
const longestMs = 10_000
/** So many are asked at least in this time: one that is slow, or means to be, does not use up that of the others. */
const leastAsked = 3

export function createUpdateExchange(init: UpdateExchangeInit): UpdateExchange {
  return new Updating(init)
}

class Updating implements UpdateExchange {
  private readonly inner: StreamExchange
  private readonly counts = new ReasonCounts<AnchorReason>()
  private readonly forge: Forge | undefined
  private way: Float32Array | undefined
  private anchor: { readonly digest: Uint8Array<ArrayBuffer>; readonly payload: StatePayload | undefined } | undefined
  /** What the others decode of the own update; nothing where they cannot, as of a model that has diverged. */
  private heard: Float32Array | undefined
  private limitMs = longestMs
  private repairBytes = 0

  constructor(private readonly init: UpdateExchangeInit) {
    const { forge, keepsLatest: _, patience, ...plain } = init
    this.forge = forge
    const begin = (): Waiting => {
      const waiting = patience.begin()
      this.limitMs = Math.min(longestMs, waiting.limitMs)
      return waiting
    }
    this.inner = createExchange({ ...plain, patience: { begin }, link: payload => this.link(payload) })
  }

  get counters(): UpdateExchange['counters'] {
    return { rejected: this.counts.toRecord(), repairBytes: this.repairBytes }
  }

  async swap(
    position: Position,
    values: Float32Array,
    where: Neighbourhood<Member>,
    signal: AbortSignal,
    _tell?: Tell,
    anchor?: Float32Array,
  ): Promise<Swap> {
    if (anchor === undefined) throw new RangeError('An update is of an anchor')
    const said = (await this.forge?.(position, values, where, signal)) ?? values
    if (!(said instanceof Float32Array)) throw new RangeError('A peer says the same update to all')
    this.anchor = await this.named(anchor, position.round)
    this.way ??= reserveVector(anchor.length)
    const { way } = this
    await inSlices(way.length, 3, (from, to) => {
      for (let k = from; k < to; k++) way[k] = said[k]! - anchor[k]!
    })
    this.heard = undefined
    const { received, absent, release } = await this.inner.swap(position, way, where, signal)
    const own = this.heard as Float32Array | undefined
    const releaseAll = (): void => {
      release()
      if (own !== undefined) this.init.handover.release(own)
    }
    try {
      const there = 1 + received.size + absent.filter(({ reason }) => reason !== 'gone').length
      const made = await this.agreed(anchor, received, there, where, signal)
      const unlike = [...received.keys()].filter(peer => !made.peers.has(peer))
      for (const _ of unlike) this.counts.add('ANCHOR_UNLIKE')
      const heard = new Map([...received].filter(([peer]) => made.peers.has(peer)))
      const isHeard = made.isHeard && own !== undefined
      for (const update of [...heard.values(), ...(isHeard ? [own] : [])]) await added(update, made.anchor)
      return {
        received: heard,
        absent: [...absent, ...unlike.map(peer => ({ peer, reason: 'refused' as const }))].sort(
          (a, b) => a.peer - b.peer,
        ),
        anchored: { anchor: made.anchor, said: isHeard ? own : undefined },
        release: releaseAll,
      }
    } catch (error) {
      releaseAll()
      throw error
    }
  }

  /** The own anchor, whole: newcomers begin with it, and neighbours request it that have another. */
  latest(): StatePayload | undefined {
    return this.anchor?.payload
  }

  idle(): Promise<void> {
    return this.inner.idle()
  }

  private async named(anchor: Float32Array, round: number): Promise<NonNullable<Updating['anchor']>> {
    const { whole, keepsLatest } = this.init
    if (keepsLatest !== true) return { digest: await whole.digestOf(anchor), payload: undefined }
    const { bytes, digest } = await whole.encode(anchor)
    return { digest, payload: { bytes, digest, round } }
  }

  private async link(payload: Uint8Array): Promise<CopyLink> {
    try {
      this.heard = await this.init.handover.decode(payload)
    } catch (error) {
      if (!(error instanceof Rejection)) throw error
    }
    const { digest } = this.anchor!
    return { follows: digest, becomes: digest }
  }

  /**
   * The anchor that this round goes on from, and whose updates are of it. Where most have none, all are taken for such.
   *
   * @param there - see {@link anchorOfMost}
   */
  private async agreed(
    anchor: Float32Array,
    received: ReadonlyMap<number, Float32Array>,
    there: number,
    where: Neighbourhood<Member>,
    signal: AbortSignal,
  ): Promise<Agreed> {
    const { handover } = this.init
    const { digest } = this.anchor!
    // A message without a digest is none that an honest peer sends here.
    const said = new Map(
      [...received].flatMap(([peer, values]) => {
        const link = handover.linkOf(values)
        return link === undefined ? [] : [[peer, link.follows] as const]
      }),
    )
    const voted = anchorOfMost(digest, said, there)
    const all = { anchor, peers: new Set(said.keys()) }
    if (voted === undefined) return { ...all, isHeard: true }
    const peers = new Set(voted.peers)
    if (Buffer.compare(voted.digest, digest) === 0) return { anchor, peers, isHeard: true }
    const theirs = await this.request(voted, where, signal)
    if (theirs !== undefined) return { anchor: theirs, peers, isHeard: false }
    this.counts.add('ANCHOR_UNANSWERED')
    // Most leave the own message out, and it is to be said again.
    return { ...all, isHeard: false }
  }

  /** From one after another of those that have it, until one gives what has this digest. @throws the signal's reason */
  private async request(
    { digest, peers }: VotedAnchor,
    { members }: Neighbourhood<Member>,
    signal: AbortSignal,
  ): Promise<Float32Array | undefined> {
    const { ask, whole } = this.init
    if (ask === undefined) return undefined
    const deadline = createDeadline(signal)
    deadline.within(this.limitMs, new Error('The anchor did not come in time'))
    try {
      for (const peer of peers) {
        const own = createDeadline(deadline.signal)
        own.within(this.limitMs / leastAsked, new Error('This peer did not answer in time'))
        try {
          const answer = await ask(members[peer]!.peerId, own.signal)
          this.repairBytes += answer.bytes.length
          if (Buffer.compare(answer.digest, digest) !== 0) continue
          const arrived = await whole.decode(answer.bytes)
          const anchor = arrived.slice()
          whole.release(arrived)
          return anchor
        } catch {
          // The peer is gone, busy or lying: another one has it too.
          signal.throwIfAborted()
          if (deadline.signal.aborted) return undefined
        } finally {
          own.clear()
        }
      }
      return undefined
    } finally {
      deadline.clear()
    }
  }
}

/** What a round goes on from. */
interface Agreed {
  readonly anchor: Float32Array
  /** Those whose updates are of it. */
  readonly peers: ReadonlySet<number>
  /** Is the own update of what most have? The others leave it out otherwise. */
  readonly isHeard: boolean
}

async function added(update: Float32Array, anchor: Float32Array): Promise<void> {
  await inSlices(update.length, 2, (from, to) => {
    for (let k = from; k < to; k++) update[k] = update[k]! + anchor[k]!
  })
}
