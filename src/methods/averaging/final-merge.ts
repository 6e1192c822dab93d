import { isDivergence } from '../../errors.js'
import { type Contribution, summed } from '../../merge/index.js'
import { reserveVector } from '../../tensors/index.js'
import { type FinalStep, finalSteps, type MixingRow } from '../../topology/index.js'
import { copyInSlices } from '../../turns.js'
import type { Neighbourhood } from '../neighbourhood.js'
import type { NeighbourRoad } from '../roads.js'
import type { Disbelief, FinalMerge, MethodEvent, Session, Turn } from '../session.js'
import type { Averaging } from './averaging.js'
import type { Believing } from './believing.js'

export interface FinalMergeInit {
  readonly road: NeighbourRoad
  /** Exchanges of a usual round: those of the final merge are numbered behind them. */
  readonly steps: number
  readonly believing: Pick<Believing, 'merge'>
  /** Called for each head that is refused. Must not throw. */
  readonly onRefused?: (reason: Disbelief) => void
  /** The vector that is handed over, the head first. */
  whole(head: Float32Array): Promise<Float32Array>
}

/**
 * The single merging of arXiv 2507.06542, without a server (ALGORITHMS-2.md 7): all peers of the round merge their heads,
 * in place, into one mean. Peers that have heard the same ones have the same bits (P49), in whatever order heads came: see
 * {@link finalSteps}. What is absent costs its share of the mean, and whom it was missed by is in the result.
 *
 * What comes is bounded as in every merge, by its loss and, where several come, by its distance. One alone does not show
 * what is usual: of peers that have learned alone until now, honest heads may lie anywhere.
 */
export async function* mergeFinally(
  { road, steps, believing, onRefused, whole }: FinalMergeInit,
  { round, where, head }: Turn,
  signal: AbortSignal,
): AsyncGenerator<MethodEvent, FinalMerge, undefined> {
  const missed = new Set<number>()
  const own = reserveVector(head.length)
  const { self, members } = where
  let isMerged = false
  for (const [at, step] of finalSteps(where.members.length).entries()) {
    const startedAt = performance.now()
    const swap = await road.swap({ round, step: steps + at }, await whole(head), inStep(where, step), signal)
    yield {
      type: 'exchanged',
      step: steps + at,
      received: [...swap.received.keys()].sort((a, b) => a - b),
      absent: swap.absent,
      waitSeconds: (performance.now() - startedAt) / 1000,
    }
    for (const { peer } of swap.absent) missed.add(peer)
    if (swap.received.size > 0) {
      const row = step.rowOf(self)
      const heads = new Map([...swap.received].map(([peer, values]) => [peer, values.subarray(0, head.length)]))
      const { refused, squares } = await believing.merge(
        {
          ...{ head, own, self, heads },
          anyDistance: heads.size === 1,
          passOf: (before, believed) => summed(partsOf(row, self, before, believed)),
        },
        signal,
      )
      isMerged ||= squares.size > 0
      for (const { peer, reason } of refused) {
        missed.add(peer)
        onRefused?.(reason)
      }
      const named = refused.map(one => ({ ...one, name: members[one.peer]!.name }))
      if (named.length > 0) yield { type: 'refused', step: steps + at, heads: named }
    }
    swap.release()
  }
  return { isMerged, missed: [...missed].sort((a, b) => a - b) }
}

export interface FinishInit extends FinalMergeInit {
  readonly averaging: Pick<Averaging, 'replaced' | 'undo'>
  /** Makes anew what of the merged model are statistics of own data. @throws the signal's reason */
  observe(round: number, signal: AbortSignal): Promise<void>
}

/** A session's final merge. The head before it is kept, as the one before any merge is. */
export function createFinish({ averaging, observe, ...init }: FinishInit): NonNullable<Session['finish']> {
  return async function* (turn, signal) {
    const own = reserveVector(turn.head.length)
    await copyInSlices(own, turn.head)
    const made = yield* mergeFinally(init, turn, signal)
    if (!made.isMerged) return made
    averaging.replaced(own)
    try {
      await observe(turn.round, signal)
    } catch (error) {
      // Like a merge on which training diverges, it is taken back.
      if (!isDivergence(error)) throw error
      averaging.undo(turn.head)
      init.onRefused?.('DIVERGED')
      return { ...made, isMerged: false }
    }
    return made
  }
}

/** The neighbourhood of one exchange of the final merge. */
function inStep<N extends Neighbourhood>(where: N, { graph, rowOf }: FinalStep): N {
  return { ...where, graph, row: rowOf(where.self) }
}

/** In the order of the peers' numbers, on both ends of an edge; the weights of absent ones go to all others alike. */
function partsOf(
  { self: weight, from }: MixingRow,
  self: number,
  head: Float32Array,
  received: ReadonlyMap<number, Float32Array>,
): Contribution[] {
  const heard = from.flatMap(({ peer, weight }) => {
    const values = received.get(peer)
    return values === undefined ? [] : [{ peer, weight, values }]
  })
  // Who only takes what others have made keeps its own where that is not believed.
  const own = heard.length === 0 ? 1 : weight
  const all = own > 0 ? [...heard, { peer: self, weight: own, values: head }] : heard
  const total = all.reduce((sum, part) => sum + part.weight, 0)
  return all.map(part => ({ ...part, weight: part.weight / total })).sort((a, b) => a.peer - b.peer)
}
