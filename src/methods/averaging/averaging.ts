import type { PublicCopy, Ruling, Staleness } from '../../merge/index.js'
import type { MixingRow } from '../../topology/index.js'
import type { Reported } from '../figures.js'
import type { Neighbourhood } from '../neighbourhood.js'
import type { NeighbourRoad, Swap, Tell } from '../roads.js'
import type { Disbelief, MethodEvent, RefusedHead, Turn } from '../session.js'
import type { Believing, PassOf } from './believing.js'
import type { Judging } from './judging.js'
import type { RuleAt } from './ruled.js'

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
  /** Judges the neighbours in the long run. @default nobody does */
  readonly judging?: Judging | undefined
  /** Called for each head that is refused. Must not throw. */
  readonly onRefused?: (reason: Disbelief) => void
  /** What travels beside the head. @default nothing */
  readonly beside?: Beside
}

/** What travels beside the head. */
export interface Beside {
  /** The head as it is before the merge, followed by what travels beside it. */
  whole(head: Float32Array): Promise<Float32Array>
  /** What each neighbour is told in place of that, where the method says something else to each. */
  telling(where: Neighbourhood): Tell | undefined
  /** The anchor, where what travels are updates. */
  anchor(): Float32Array | undefined
  /** Called with what an exchange of updates brought: the head is then as the others know it. */
  told(head: Float32Array, came: NonNullable<Swap['anchored']>): Promise<void>
  /** How updates are merged by the peer of this number. @default heads are averaged by their weights */
  passOf(self: number): PassOf | undefined
  /** The weights of an exchange, from all that came in it. */
  weigh(where: Neighbourhood, received: ReadonlyMap<number, Float32Array>): MixingRow
  /**
   * Merges what came beside the heads that were merged, by number.
   *
   * @param copy - as in the `Swap`
   * @returns the peers of which it was not believed
   */
  merge(
    where: Neighbourhood,
    at: RuleAt,
    merged: ReadonlyMap<number, Float32Array>,
    copy?: PublicCopy,
  ): Promise<readonly Omit<RefusedHead, 'name'>[]>
  /** Called once a round with the head as its last merge has left it. @returns whether the method has an end of rounds */
  ended(head: Float32Array): Promise<boolean>
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
  /**
   * What people see of the last merge: the weights, where a rule gave them, what neighbours are worth in the long run, and
   * how masks fared.
   */
  given(): Reported
  /** The head that `undo` would restore, if any; it is not changed until the next round. */
  before(): Float32Array | undefined
}
