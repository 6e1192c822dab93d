import {
  accelerated,
  type ChebyshevStep,
  chebyshevLambda,
  chebyshevSteps,
  contributions,
  localDistance,
  type Ruling,
  type Staleness,
  staleRow,
  summed,
} from '../../merge/index.js'
import { reserveVector } from '../../tensors/index.js'
import type { Topology } from '../../topology/index.js'
import type { Reported } from '../figures.js'
import type { Neighbourhood } from '../neighbourhood.js'
import type { NeighbourRoad, Swap } from '../roads.js'
import type { Disbelief, MethodEvent, RefusedHead, TooStrict, Turn } from '../session.js'
import type { Believing, MergeMade, PassOf } from './believing.js'
import { asOne, rowOf } from './head-sum.js'
import { outvoted, type RuleAt, ruledHeads, settle } from './ruled.js'
import { createStrictness } from './strict.js'

export interface AveragingInit {
  /** Exchanges in a round. */
  readonly steps: number
  /** Chebyshev instead of plain gossip steps; needs one symmetric matrix for the whole run. */
  readonly chebyshev: boolean
  readonly road: NeighbourRoad
  readonly believing: Believing
  /** Whom to believe. @default all that `believing` does, by their weights */
  readonly ruling?: Ruling
  /** Of the whole run. */
  readonly rounds: number
  /** How much heads of other rounds count, where an exchange brings any. */
  readonly staleness: Staleness | undefined
  /** Called for each head that is refused. Must not throw. */
  readonly onRefused?: (reason: Disbelief) => void
  /** What travels beside the head. @default nothing */
  readonly beside?: Beside
}

/** What travels beside the head. */
export interface Beside {
  /** The head as it is before the merge, followed by what travels beside it. */
  whole(head: Float32Array): Promise<Float32Array>
  /**
   * Merges what came beside the heads that were merged, by number.
   *
   * @returns the peers of which it was not believed
   */
  merge(
    where: Neighbourhood,
    at: RuleAt,
    merged: ReadonlyMap<number, Float32Array>,
  ): Promise<readonly Omit<RefusedHead, 'name'>[]>
  /** What the method reports of the round. */
  report(): Reported
}

/** Exchange and merge, the part of rounds between training and test. */
export interface Averaging {
  /** Merges one peer's head with its neighbours', in place, over all gossip steps of a round. */
  round(turn: Turn, signal: AbortSignal): AsyncGenerator<MethodEvent, void, undefined>
  /**
   * Restores the head to what it was before the last round's merges, when it turns out that it cannot be trained: the
   * next round merges nothing, and refuses all heads that come.
   *
   * @returns whether there was a merge to take back
   */
  undo(head: Float32Array): boolean
  /** Called with the head before another peer's replaced it: `undo` restores it, as after a merge. No copy is made. */
  replaced(before: Float32Array): void
  /** The weights of the last merge, where a rule gave them, and how masks fared: what people see of it. */
  given(): Reported
  /** The head that `undo` would restore, if any; it is not changed until the next round. */
  before(): Float32Array | undefined
}

/** One exchange's merge. */
interface Step {
  readonly turn: Turn
  readonly at: RuleAt
  readonly progress: Progress
  readonly received: ReadonlyMap<number, Float32Array>
  /** No neighbour is absent. */
  readonly isComplete: boolean
}

interface Merged extends MergeMade {
  /** Every neighbour's head is in it. */
  readonly isWhole: boolean
  /** Those that the rule left out. */
  readonly unheeded: readonly Omit<RefusedHead, 'name'>[]
  readonly tooStrict?: TooStrict | undefined
}

/** The state that the steps of a round share. */
interface Progress {
  readonly factors: readonly ChebyshevStep[] | undefined
  chebyshevHolds: boolean
  readonly distrusted: Set<number>
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
  private weights: Reported = {}
  private readonly strictness = createStrictness()
  /** With masks, since this peer's process started: exchanges without a sum, and numbers that were cut off. */
  private masked: { readonly void: number; readonly clamped: number } | undefined

  constructor(private readonly init: AveragingInit) {}

  async *round(turn: Turn, signal: AbortSignal): AsyncGenerator<MethodEvent, void, undefined> {
    const factors = this.init.chebyshev ? this.factorsOf(turn.where.topology) : undefined
    const progress = { factors, chebyshevHolds: factors !== undefined, distrusted: new Set<number>(), distance: 0 }
    this.hasMerged = false
    for (let step = 0; step < this.init.steps; step++) yield* this.step(step, turn, progress, signal)
    this.isTakenBack = false
    const { figures, perPeer } = this.init.beside?.report() ?? {}
    const given = this.given()
    const weights = { ...perPeer, ...given.perPeer }
    const all = { ...figures, ...given.figures }
    yield {
      type: 'merged',
      localDistance: progress.distance,
      ...(Object.keys(all).length > 0 && { figures: all }),
      ...(Object.keys(weights).length > 0 && { perPeer: weights }),
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
    return { ...this.weights, ...(this.masked && { figures: this.masked }) }
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
    const { road, beside, staleness } = this.init
    const startedAt = performance.now()
    const says = beside === undefined ? head : await beside.whole(head)
    const { masked, rounds, absent, release, ...single } = await road.swap({ round, step }, says, where, signal)
    if (masked !== undefined) this.count(masked)
    const received = masked === undefined ? single.received : asOne(masked.sum)
    yield {
      type: 'exchanged',
      step,
      received: [...(masked?.sum?.peers ?? received.keys())].sort((a, b) => a - b),
      absent,
      waitSeconds: (performance.now() - startedAt) / 1000,
    }
    const whole = masked?.sum === undefined ? where.row : rowOf(masked.sum)
    const row = rounds === undefined || staleness === undefined ? whole : staleRow(whole, rounds, round, staleness)
    const at = { row, self: where.self, step, progress: round / this.init.rounds, received: received.size }
    const { refused, squares, unheeded, isPlain, isWhole, tooStrict } = await this.merge(
      { turn, at, progress, received, isComplete: absent.length === 0 },
      signal,
    )
    const merged = new Map([...received].filter(([peer]) => squares.has(peer)))
    const tooLong = (await beside?.merge(where, at, merged)) ?? []
    release()
    progress.chebyshevHolds &&= !isPlain && isWhole
    this.hasMerged ||= squares.size > 0
    progress.distance = localDistance(row, squares)
    const distrusted = [...refused, ...tooLong, ...this.diverged(received)]
    for (const { peer } of distrusted) progress.distrusted.add(peer)
    // A sum is refused as a whole: whose head it was that spoilt it shows to nobody.
    const refusedOnes = [...distrusted, ...unheeded].flatMap(one =>
      (masked?.sum?.peers ?? [one.peer]).map(peer => ({ ...one, peer })),
    )
    const heads = refusedOnes.map(one => ({ ...one, name: where.members[one.peer]!.name }))
    for (const { reason } of heads) this.init.onRefused?.(reason)
    if (heads.length > 0) yield { type: 'refused', step, heads, ...(tooStrict && { tooStrict }) }
  }

  /** Merges the received heads, as far as they are believed, into the own one. */
  private async merge({ turn, at, progress, received, isComplete }: Step, signal: AbortSignal): Promise<Merged> {
    const { where, head } = turn
    const { row, self, step } = at
    const heads = new Map(
      [...received]
        .filter(([peer]) => !this.isTakenBack && !progress.distrusted.has(peer))
        .map(([peer, values]) => [peer, values.subarray(0, head.length)]),
    )
    // Its factors assume the whole matrix: with a neighbour missing it can amplify (ALGORITHMS.md 3.2).
    const isWhole = (merged: number): boolean => isComplete && merged === received.size
    const passOf: PassOf = (own, believed) => summed(contributions(row, self, own, believed))
    const fasterOf: PassOf = (own, believed) => {
      const earlier = step === 0 ? own : this.beforeStep(step - 1, head.length)
      const plain = contributions(row, self, own, believed)
      return summed(isWhole(believed.size) ? accelerated(plain, progress.factors![step]!, self, earlier) : plain)
    }
    const ruled = this.init.ruling && ruledHeads(this.init.ruling, at)
    const made = await this.init.believing.merge(
      {
        head,
        own: this.beforeStep(step, head.length),
        self,
        heads,
        passOf,
        ...ruled,
        ...(progress.chebyshevHolds && { fasterOf }),
      },
      signal,
    )
    if (ruled === undefined) return { ...made, unheeded: [], isWhole: isWhole(made.squares.size) }
    const last = ruled.last()
    if (last !== undefined) await settle(last, head)
    const given = last?.given ?? new Map([[self, 1]])
    const byId = [...given].map(([peer, weight]) => [where.members[peer]!.peerId.toString(), weight])
    this.weights = { perPeer: { believed: Object.fromEntries(byId) } }
    const unheeded = last === undefined ? [] : outvoted(last, at, made.squares.keys())
    const squares = last?.needed === undefined ? made.squares : new Map<number, number>()
    const isLast = step === this.init.steps - 1
    const tooStrict = isLast && last !== undefined ? this.strictness(last, self) : undefined
    return { ...made, squares, unheeded, tooStrict, isWhole: true }
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
