import {
  accelerated,
  type ChebyshevStep,
  chebyshevLambda,
  chebyshevSteps,
  contributions,
  localDistance,
  type PublicCopy,
  roundsMuted,
  staleRow,
  summed,
} from '../../merge/index.js'
import { reserveVector } from '../../tensors/index.js'
import type { Topology } from '../../topology/index.js'
import type { Reported } from '../figures.js'
import type { Swap } from '../roads.js'
import type { MethodEvent, RefusedHead, TooStrict, Turn } from '../session.js'
import type { Averaging, AveragingInit } from './averaging.js'
import type { MergeMade, PassOf } from './believing.js'
import { asOne, rowOf } from './head-sum.js'
import { heardOf, membersOf } from './heard.js'
import { outvoted, type RuleAt, ruledHeads, settle, stepping } from './ruled.js'
import { createStrictness } from './strict.js'

/** One exchange's merge. */
interface Step {
  readonly turn: Turn
  readonly at: RuleAt
  readonly progress: Progress
  readonly received: ReadonlyMap<number, Float32Array>
  /** No neighbour is absent. */
  readonly isComplete: boolean
  /** What was received is a sum. */
  readonly isSum: boolean
  /** See `Swap`; of the head alone. */
  readonly copy: PublicCopy | undefined
}

/** What became of it. */
interface Merged extends MergeMade {
  /** Every neighbour's head is in it. */
  readonly isWhole: boolean
  /** The weight of each that is in it, by number; the own one maybe among them. */
  readonly given: ReadonlyMap<number, number>
  /** Those that the rule left out. */
  readonly unheeded: readonly Omit<RefusedHead, 'name'>[]
  readonly tooStrict?: TooStrict | undefined
}

/** The state that the steps of a round share. */
interface Progress {
  readonly factors: readonly ChebyshevStep[] | undefined
  chebyshevHolds: boolean
  readonly distrusted: Set<number>
  /** By id. */
  readonly muted: ReadonlySet<string>
  distance: number
}

/** The merges of a round: `steps` times exchange and merge (ALGORITHMS.md 4.1). */
export function createAveraging(init: AveragingInit): Averaging {
  return new NeighbourAverages(init)
}

class NeighbourAverages implements Averaging {
  private readonly computed = new WeakMap<Topology, readonly ChebyshevStep[]>()
  /** The head before the round's first merge, and by turns before the others: Chebyshev gossip looks back two steps. */
  private readonly earlier: Float32Array[] = []
  private hasMerged = false
  private isTakenBack = false
  /** This peer's first round. */
  private first: number | undefined
  private weights: Reported['perPeer']
  private seen: NonNullable<Reported['perPeer']> = {}
  private readonly strictness = createStrictness()
  /** With masks, since this peer's process started: exchanges without a sum, and numbers that were cut off. */
  private masked: { readonly void: number; readonly clamped: number } | undefined

  constructor(private readonly init: AveragingInit) {}

  async *round(turn: Turn, signal: AbortSignal): AsyncGenerator<MethodEvent, void, undefined> {
    const factors = this.init.chebyshev ? this.factorsOf(turn.where.topology) : undefined
    const { muted = new Set<string>(), back = [] } = this.init.judging?.at(turn.round) ?? {}
    const heardAgain = membersOf(back, turn.where)
    if (heardAgain.length > 0) yield { type: 'unmuted', peers: heardAgain }
    const distrusted = new Set<number>()
    const progress = { factors, chebyshevHolds: factors !== undefined, distrusted, muted, distance: 0 }
    this.hasMerged = false
    this.first ??= turn.round
    for (let step = 0; step < this.init.steps; step++) yield* this.step(step, turn, progress, signal)
    // An outer step can break a model as a merge can, and is taken back with it.
    const hasEnded = await this.init.beside?.ended(turn.head)
    this.hasMerged ||= hasEnded === true
    this.isTakenBack = false
    const { figures, perPeer } = this.init.beside?.report() ?? {}
    this.seen = { ...this.weights, ...this.init.judging?.report(turn.where.members) }
    const given = this.given()
    const byPeer = { ...perPeer, ...given.perPeer }
    const all = { ...figures, ...given.figures }
    yield {
      type: 'merged',
      localDistance: progress.distance,
      ...(Object.keys(all).length > 0 && { figures: all }),
      ...(Object.keys(byPeer).length > 0 && { perPeer: byPeer }),
    }
  }

  undo(head: Float32Array): boolean {
    if (!this.hasMerged) return false
    this.hasMerged = false
    this.isTakenBack = true
    head.set(this.earlier[0]!)
    return true
  }

  given(): Reported {
    const perPeer = Object.keys(this.seen).length > 0 ? { perPeer: this.seen } : {}
    return { ...perPeer, ...(this.masked && { figures: this.masked }) }
  }

  replaced(own: Float32Array): void {
    this.earlier[0] = own
    this.hasMerged = true
  }

  before(): Float32Array | undefined {
    return this.hasMerged ? this.earlier[0] : undefined
  }

  private async *step(
    step: number,
    turn: Turn,
    progress: Progress,
    signal: AbortSignal,
  ): AsyncGenerator<MethodEvent, void, undefined> {
    const { round, where, head } = turn
    const { road, beside, staleness, judging, ruling } = this.init
    const startedAt = performance.now()
    const says = beside === undefined ? head : await beside.whole(head)
    const tell = beside?.telling(where)
    const came = await road.swap({ round, step }, says, where, signal, tell, beside?.anchor())
    const { masked, rounds, absent, still = [], release, copy, anchored, ...single } = came
    if (anchored !== undefined) await beside!.told(head, anchored)
    if (masked !== undefined) this.count(masked)
    const all = masked === undefined ? single.received : asOne(masked.sum)
    yield {
      type: 'exchanged',
      step,
      received: [...(masked?.sum?.peers ?? all.keys())].sort((a, b) => a - b),
      absent,
      ...(still.length > 0 && { still }),
      waitSeconds: (performance.now() - startedAt) / 1000,
    }
    const due = masked === undefined ? (beside?.weigh(where, all) ?? where.row) : where.row
    const whole = masked?.sum === undefined ? due : rowOf(masked.sum)
    const aged = rounds === undefined || staleness === undefined ? whole : staleRow(whole, rounds, round, staleness)
    const shares = judging?.shares(where) ?? new Map<number, number>()
    const keepsWeights = ruling?.keepsWeights ?? true
    const { heard, received, row, isAll } = heardOf(
      { round, where, all, row: aged },
      progress.muted,
      shares,
      keepsWeights,
    )
    const at = { row, self: where.self, step, progress: round / this.init.rounds, received: received.size }
    const isSum = masked !== undefined
    const ofHead = copy && { ...copy, values: copy.values.subarray(0, head.length) }
    const { refused, squares, given, unheeded, isPlain, isWhole, tooStrict } = await this.merge(
      { turn, at, progress, received, isComplete: absent.length + still.length === 0 && isAll, isSum, copy: ofHead },
      signal,
    )
    const merged = new Map([...received].filter(([peer]) => squares.has(peer)))
    const tooLong = (await beside?.merge(where, at, merged, copy)) ?? []
    const distrusted = [...refused, ...tooLong, ...this.diverged(received)]
    const unused = new Set([...distrusted, ...unheeded].map(({ peer }) => peer))
    // Only of a round's first exchange, which brings what each has trained: those behind it bring mixtures.
    const judged =
      step === 0 && !this.isTakenBack
        ? await judging?.judge(
            {
              ...{ round, where, row: aged, given, refused: unused, merged: head },
              own: this.beforeStep(0, head.length),
              heads: new Map([...heard].map(([peer, values]) => [peer, values.subarray(0, head.length)])),
            },
            signal,
          )
        : []
    release()
    progress.chebyshevHolds &&= !isPlain && isWhole
    this.hasMerged ||= squares.size > 0
    progress.distance = localDistance(row, squares)
    for (const { peer } of distrusted) progress.distrusted.add(peer)
    // A sum is refused as a whole: whose head it was that spoilt it shows to nobody.
    const refusedOnes = [...distrusted, ...unheeded].flatMap(one =>
      (masked?.sum?.peers ?? [one.peer]).map(peer => ({ ...one, peer })),
    )
    const heads = refusedOnes.map(one => ({ ...one, name: where.members[one.peer]!.name }))
    for (const { reason } of heads) this.init.onRefused?.(reason)
    if (heads.length > 0) yield { type: 'refused', step, heads, ...(tooStrict && { tooStrict }) }
    const muted = membersOf(judged ?? [], where)
    if (muted.length > 0) yield { type: 'muted', rounds: roundsMuted, peers: muted }
  }

  /** Merges the received heads, as far as they are believed, into the own one. */
  private async merge(
    { turn, at, progress, received, isComplete, isSum, copy }: Step,
    signal: AbortSignal,
  ): Promise<Merged> {
    const { where, head } = turn
    const { row, self, step } = at
    const heads = new Map(
      [...received]
        .filter(([peer]) => !this.isTakenBack && !progress.distrusted.has(peer))
        .map(([peer, values]) => [peer, values.subarray(0, head.length)]),
    )
    // Its factors assume the whole matrix: with a neighbour missing it can amplify (ALGORITHMS.md 3.2).
    const isWhole = (merged: number): boolean => isComplete && merged === received.size
    const average: PassOf = (own, believed) => summed(contributions(row, self, own, believed))
    const passOf = this.init.beside?.passOf(self) ?? average
    const fasterOf: PassOf = (own, believed) => {
      const earlier = step === 0 ? own : this.beforeStep(step - 1, head.length)
      const plain = contributions(row, self, own, believed)
      return summed(isWhole(believed.size) ? accelerated(plain, progress.factors![step]!, self, earlier) : plain)
    }
    const ruled = this.init.ruling && ruledHeads(this.init.ruling, at, copy)
    const made = await this.init.believing.merge(
      {
        head,
        own: this.beforeStep(step, head.length),
        self,
        heads,
        copy: copy?.values,
        passOf: copy === undefined ? passOf : stepping(passOf, copy),
        ...ruled,
        ...(isSum && { sum: { isLate: this.first! > 0 } }),
        ...(progress.chebyshevHolds && { fasterOf }),
      },
      signal,
    )
    if (ruled === undefined) {
      const merged = row.from.filter(({ peer }) => made.squares.has(peer))
      const given = new Map(merged.map(({ peer, weight }) => [peer, weight]))
      return { ...made, given, unheeded: [], isWhole: isWhole(made.squares.size) }
    }
    const last = ruled.last()
    if (last !== undefined) await settle(last)
    const given = last?.given ?? new Map([[self, 1]])
    const byId = [...given].map(([peer, weight]) => [where.members[peer]!.peerId.toString(), weight])
    this.weights = { believed: Object.fromEntries(byId) }
    const unheeded = last === undefined ? [] : outvoted(last, at, made.squares.keys())
    const squares = last?.needed === undefined ? made.squares : new Map<number, number>()
    const isLast = step === this.init.steps - 1
    const tooStrict = isLast && last !== undefined ? this.strictness(last, self) : undefined
    return { ...made, squares, given, unheeded, tooStrict, isWhole: true }
  }

  private count({ sum, clamped }: NonNullable<Swap['masked']>): void {
    const before = this.masked ?? { void: 0, clamped: 0 }
    this.masked = { void: before.void + (sum === undefined ? 1 : 0), clamped: before.clamped + clamped }
  }

  /** After a merge on which training diverged, no neighbour is believed for a round. */
  private diverged(received: ReadonlyMap<number, unknown>): { readonly peer: number; readonly reason: 'DIVERGED' }[] {
    return this.isTakenBack ? [...received.keys()].map(peer => ({ peer, reason: 'DIVERGED' })) : []
  }

  private beforeStep(step: number, length: number): Float32Array {
    const place = step === 0 ? 0 : 1 + (step % 2)
    this.earlier[place] ??= reserveVector(length)
    return this.earlier[place]
  }

  private factorsOf(topology: Topology): readonly ChebyshevStep[] {
    const factors = this.computed.get(topology) ?? chebyshevSteps(chebyshevLambda(topology), this.init.steps)
    this.computed.set(topology, factors)
    return factors
  }
}
