import { type Contribution, mix } from '../../merge/index.js'
import { reserveVector } from '../../tensors/index.js'
import { type FinalStep, finalSteps, type MixingRow } from '../../topology/index.js'
import { copyInSlices, inSlices } from '../../turns.js'
import type { Neighbourhood } from '../neighbourhood.js'
import type { NeighbourRoad } from '../roads.js'
import type { FinalMerge, MethodEvent, Session, Turn } from '../session.js'
import type { Averaging } from './averaging.js'

export interface FinalMergeInit {
  readonly road: NeighbourRoad
  /** Exchanges of a usual round: those of the final merge are numbered behind them. */
  readonly steps: number
  /** The vector that is handed over, the head first. */
  whole(head: Float32Array): Promise<Float32Array>
}

/**
 * The single merging of arXiv 2507.06542, without a server (ALGORITHMS-2.md 7): all peers of the round merge their heads,
 * in place, into one mean. Peers that have heard the same ones have the same bits (P49), in whatever order heads came: see
 * {@link finalSteps}. What is absent costs its share of the mean, and whom it was missed by is in the result.
 */
export async function* mergeFinally(
  { road, steps, whole }: FinalMergeInit,
  { round, where, head }: Turn,
  signal: AbortSignal,
): AsyncGenerator<MethodEvent, FinalMerge, undefined> {
  const missed = new Set<number>()
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
    const parts = partsOf(step.rowOf(where.self), where.self, head, swap.received)
    if (swap.received.size > 0) {
      await inSlices(head.length, parts.length, (from, to) => mix(head, parts, from, to))
      isMerged = true
    }
    swap.release()
  }
  return { isMerged, missed: [...missed].sort((a, b) => a - b) }
}

/** A session's final merge. The head before it is kept, as the one before any merge is. */
export function createFinish({
  averaging,
  ...init
}: FinalMergeInit & { readonly averaging: Pick<Averaging, 'replaced'> }): NonNullable<Session['finish']> {
  return async function* (turn, signal) {
    const own = reserveVector(turn.head.length)
    await copyInSlices(own, turn.head)
    const made = yield* mergeFinally(init, turn, signal)
    if (made.isMerged) averaging.replaced(own)
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
    return values === undefined ? [] : [{ peer, weight, values: values.subarray(0, head.length) }]
  })
  const all = weight > 0 ? [...heard, { peer: self, weight, values: head }] : heard
  const total = all.reduce((sum, part) => sum + part.weight, 0)
  return all.map(part => ({ ...part, weight: part.weight / total })).sort((a, b) => a.peer - b.peer)
}
