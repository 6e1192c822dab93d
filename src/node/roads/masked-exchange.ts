import {
  isBefore,
  isMaskedFor,
  type MaskGroup,
  type MaskKey,
  maskGroup,
  type PeerIdStr,
  type StatePayload,
  shareLimits,
  unmask,
  writeMasked,
} from '../../gossip/index.js'
import type { Absence, HeadSum, Neighbourhood, Position, Swap } from '../../methods/index.js'
import { ReasonCounts } from '../../reason-counts.js'
import { type Layout, reserveVector, squaredNorm } from '../../tensors/index.js'
import { mixingRow } from '../../topology/index.js'
import { inSlices } from '../../turns.js'
import type { Member } from '../membership/member.js'
import { createExchange, type ExchangeInit, type StreamExchange } from './exchange.js'
import type { Opened, ShareRounds } from './share-rounds.js'

export interface MaskedExchangeInit extends Omit<ExchangeInit, 'conceal' | 'isAsync' | 'keepsLatest'> {
  readonly runId: Uint8Array
  /** Layout of a head, and of one as it travels. */
  readonly layouts: { readonly head: Layout; readonly masked: Layout }
  readonly key: MaskKey
  /** The public keys of the peers that are live in a round, this one among them. */
  readonly keysIn: (round: number) => (peer: PeerIdStr) => Uint8Array | undefined
  /** The first round in which this peer takes part: it may have masked for those before, in another life. */
  readonly from: () => number
  /** The fewest senders of a sum. */
  readonly least: number
  /** Largest Euclidean norm of a mean of heads. */
  readonly normLimit: number
  /** With `dropout: shares`. @default an exchange is void where a sender is missing */
  readonly shares?: ShareRounds
}

/** Why an exchange was void: no sum came of it. */
export type VoidReason =
  | 'VOID_TOO_FEW' // fewer senders are live than a sum must be of, no more than half of them, or none of it concerns this peer yet
  | 'VOID_MISSING' // a sender's head did not come, or with shares more of them than may be missing
  | 'VOID_UNLIKE' // a sender has masked for other senders than this peer sees
  | 'VOID_UNANSWERED' // with shares: the senders whose heads came did not say enough to take off the masks that are left
  | 'VOID_TOO_LONG' // the sum is longer than a mean of heads can be: somebody has sent what is no masked head

/** An exchange of masked heads, of which a peer learns the sum. */
export interface MaskedExchange extends StreamExchange {
  readonly voided: Readonly<Record<string, number>>
}

export function createMaskedExchange(init: MaskedExchangeInit): MaskedExchange {
  return new Masked(init)
}

class Masked implements MaskedExchange {
  private readonly inner: StreamExchange
  private readonly self: PeerIdStr
  private readonly counts = new ReasonCounts<VoidReason>()
  private readonly words: Float32Array
  private readonly mean: Float32Array
  private readonly sum: Int32Array
  /** The exchange under way, or the last. No position comes twice: see `groupsIn`. */
  private last: Position = { round: -1, step: 0 }
  private groups: ReadonlyMap<number, MaskGroup> = new Map()
  private clamped = 0

  constructor(private readonly init: MaskedExchangeInit) {
    const { head, masked } = init.layouts
    this.self = init.node.peerId.toString()
    this.words = new Float32Array(masked.size)
    this.mean = reserveVector(head.size)
    this.sum = new Int32Array(head.size)
    const conceal = (vector: Float32Array, receiver: number) => this.conceal(vector, receiver)
    this.inner = createExchange({ ...init, conceal })
  }

  get voided(): Readonly<Record<string, number>> {
    return this.counts.toRecord()
  }

  async swap(position: Position, head: Float32Array, where: Neighbourhood<Member>, signal: AbortSignal): Promise<Swap> {
    this.groups = this.groupsIn(position, where)
    this.clamped = 0
    const own = this.groups.get(where.self)
    const receivers = [...this.groups].filter(([peer]) => peer !== where.self)
    const handed = receivers.map(([peer, group]) => ({ group, peerId: where.members[peer]!.peerId }))
    this.init.shares?.begin(position, handed, signal)
    const { received, absent, release } = await this.inner.swap(position, head, this.among(where), signal)
    try {
      const { sum, unlike } = await this.summed(own, where, received, signal)
      return {
        received: new Map(),
        absent: absentOf(where, absent, unlike, sum),
        masked: { sum, clamped: this.clamped },
        release() {},
      }
    } finally {
      release()
    }
  }

  /** A masked head is of use to no newcomer, and a head is given to none. */
  latest(): StatePayload | undefined {
    return undefined
  }

  async idle(): Promise<void> {
    await this.inner.idle()
    await this.init.shares?.idle()
  }

  /**
   * The groups that this peer takes part in, by the receivers' numbers: its neighbours', and its own. None where it may
   * have masked for this position already: the sums of two groups that differ by one peer give away that peer's head.
   */
  private groupsIn(position: Position, where: Neighbourhood<Member>): ReadonlyMap<number, MaskGroup> {
    const { runId, key, least, shares, keysIn, from: first } = this.init
    const most = shares === undefined ? undefined : shareLimits.senders
    const { round, step } = position
    if (!isBefore(this.last, position) || round < first()) return new Map()
    this.last = position
    const { members, graph, topology, self } = where
    const keyOf = keysIn(round)
    const idOf = (peer: number): PeerIdStr => members[peer]!.peerId.toString()
    const groups = new Map<number, MaskGroup>()
    for (const receiver of [...graph.sendsTo(self), self]) {
      const { from } = mixingRow(graph, topology.weights, receiver)
      const weights = new Map(from.map(({ peer, weight }) => [idOf(peer), weight]))
      const keys = graph.receivesFrom(receiver).map(peer => [idOf(peer), keyOf(idOf(peer))] as const)
      // A key that makes every secret 0 is none for anybody, so that all leave out its peer alike.
      const hasSecret = (theirs: Uint8Array): boolean => key.secretWith(theirs) !== undefined
      const senders = new Map(
        keys.flatMap(([peer, theirs]) => (theirs !== undefined && hasSecret(theirs) ? [[peer, theirs] as const] : [])),
      )
      const of = { runId, receiver: idOf(receiver), round, step }
      // Of members that are written down it is known who is kept from us: to half of them it may be all but helpers.
      const fewest = Math.max(least, Math.floor(from.length / 2) + 1)
      const group = maskGroup({ ...of, senders, weights, least: fewest, ...(most && { most }) })
      if (group !== undefined && (receiver === self || senders.has(this.self))) groups.set(receiver, group)
    }
    return groups
  }

  /** The neighbourhood without those to whom nothing goes, or of whom nothing is added. */
  private among(where: Neighbourhood<Member>): Neighbourhood<Member> {
    const { graph, self, numbers } = where
    const { groups } = this
    const senders = [...(groups.get(self)?.senders.keys() ?? [])].map(peer => numbers.get(peer)!).sort((a, b) => a - b)
    const receivers = graph.sendsTo(self).filter(peer => groups.has(peer))
    return { ...where, graph: { ...graph, sendsTo: () => receivers, receivesFrom: () => senders } }
  }

  private async conceal(vector: Float32Array, receiver: number): Promise<Float32Array | undefined> {
    const group = this.groups.get(receiver)!
    const weight = group.weights.get(this.self)!
    const { shares, key } = this.init
    const own = shares?.ownMaskFor(group.receiver)
    if (shares !== undefined && own === undefined) return undefined
    // The same of every copy.
    this.clamped = await writeMasked(this.words, vector, { group, self: this.self, key, weight, own })
    return this.words
  }

  /** The sum of what came, if that is enough; and who has masked for another group. */
  private async summed(
    group: MaskGroup | undefined,
    where: Neighbourhood<Member>,
    received: ReadonlyMap<number, Float32Array>,
    signal: AbortSignal,
  ): Promise<{ readonly sum?: HeadSum; readonly unlike: readonly number[] }> {
    const unlike = [...received].flatMap(([peer, words]) => (group && isMaskedFor(words, group) ? [] : [peer]))
    const because = (reason: VoidReason): { readonly unlike: readonly number[] } => {
      this.counts.add(reason)
      return { unlike }
    }
    if (group === undefined) return because('VOID_TOO_FEW')
    const there = [...received.keys()].filter(peer => !unlike.includes(peer))
    const opened = await this.open(group, where, there, unlike.length, signal)
    if (typeof opened === 'string') return because(opened)
    const { numbers } = where
    const peers = opened.came.map(peer => numbers.get(peer)!).sort((a, b) => a - b)
    const weight = opened.came.reduce((sum, peer) => sum + group.weights.get(peer)!, 0)
    const { mean } = this
    const words = peers.map(peer => received.get(peer)!)
    await unmask(mean, this.sum, words, weight, opened.left)
    let squares = 0
    await inSlices(mean.length, 1, (from, to) => {
      squares += squaredNorm(mean, from, to)
    })
    if (squares > this.init.normLimit ** 2) return because('VOID_TOO_LONG')
    return { sum: { peers, weight, mean }, unlike }
  }

  /** Of whose heads there can be a sum, and which masks do not cancel in it. */
  private async open(
    group: MaskGroup,
    { members }: Neighbourhood<Member>,
    there: readonly number[],
    unlike: number,
    signal: AbortSignal,
  ): Promise<Opened | VoidReason> {
    const ids = new Map(there.map(peer => [members[peer]!.peerId.toString(), members[peer]!.peerId]))
    if (this.init.shares !== undefined) return this.init.shares.open(group, ids, signal)
    if (unlike > 0) return 'VOID_UNLIKE'
    return there.length < group.senders.size ? 'VOID_MISSING' : { came: [...ids.keys()], left: [] }
  }
}

/** The neighbours without which it is: without a sum all of them, for those that came are of no use without the others. */
function absentOf(
  { graph, self }: Neighbourhood,
  absent: readonly Absence[],
  unlike: readonly number[],
  sum: HeadSum | undefined,
): readonly Absence[] {
  const known = new Map(absent.map(({ peer, reason }) => [peer, reason]))
  for (const peer of unlike) known.set(peer, 'refused')
  const missing = graph.receivesFrom(self).filter(peer => sum?.peers.includes(peer) !== true)
  return missing.map(peer => ({ peer, reason: known.get(peer) ?? (sum === undefined ? 'void' : 'gone') }))
}
