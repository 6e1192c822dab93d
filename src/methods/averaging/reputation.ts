import * as z from 'zod'
import { type Repute, reputeAfter, roundsMuted, type Showing } from '../../merge/index.js'
import type { NamedTensor } from '../../tensors/index.js'
import type { Reported } from '../figures.js'
import type { ReputationUse } from '../reputation-use.js'
import { keptById, remember } from './kept-by-id.js'

/** What a peer makes of its neighbours in the long run (ALGORITHMS-2.md 2), by their ids: it outlives every graph. */
export interface Reputation {
  /** A live view. */
  readonly reputes: ReadonlyMap<string, Repute>
  /** Those that are muted in this round, by id; those whose time is over are forgotten, and begin anew. */
  at(round: number): { readonly muted: ReadonlySet<string>; readonly back: readonly string[] }
  /**
   * Takes in what a round has shown of these.
   *
   * @returns those that are muted from now on
   */
  take(round: number, shown: ReadonlyMap<string, Showing>): readonly string[]
  /** What is reported of these. */
  report(ids: Iterable<string>): NonNullable<Reported['perPeer']>
  kept(): NamedTensor[]
  /** Goes on from what was kept. @throws {@link HearsayError} `PARAMETERS` where it does not fit */
  restore(kept: readonly NamedTensor[], source: string): void
}

/** Gain, cosine, rounds against it, and the round in which it is heard again. */
const reputeSchema = z.tuple([z.number(), z.number().min(-1).max(1), z.int().min(0), z.int().min(0)])

/** The kept tensors of peers' reputations. */
export const keptReputes = keptById('reputation:', reputeSchema, 'the reputations of')

export function createReputation(use: ReputationUse): Reputation {
  const reputes = new Map<string, Repute>()
  return {
    reputes,
    at(round) {
      const isOver = ({ mutedUntil }: Repute): boolean => mutedUntil > 0 && mutedUntil <= round
      const back = [...reputes].flatMap(([id, repute]) => (isOver(repute) ? [id] : []))
      for (const id of back) reputes.delete(id)
      // A peer may go back a few rounds with the others, and a checkpoint may say anything.
      for (const [id, repute] of reputes) {
        if (repute.mutedUntil > round + roundsMuted) reputes.set(id, { ...repute, mutedUntil: round + roundsMuted })
      }
      const muted = [...reputes].flatMap(([id, { mutedUntil }]) => (mutedUntil > 0 ? [id] : []))
      return { muted: new Set(muted), back }
    },
    take(round, shown) {
      const muted: string[] = []
      for (const [id, showing] of shown) {
        const repute = reputeAfter(reputes.get(id), showing, round, use === 'mute')
        remember(reputes, id, repute)
        if (repute.mutedUntil > 0) muted.push(id)
      }
      return muted
    },
    report(ids) {
      const known = [...ids].flatMap(id => {
        const repute = reputes.get(id)
        return repute === undefined ? [] : [[id, repute] as const]
      })
      return {
        gain: Object.fromEntries(known.map(([id, { gain }]) => [id, gain])),
        cosine: Object.fromEntries(known.map(([id, { cosine }]) => [id, cosine])),
      }
    },
    kept: () =>
      keptReputes.tensorsOf(
        Array.from(reputes, ([id, { gain, cosine, against, mutedUntil }]) => [id, [gain, cosine, against, mutedUntil]]),
      ),
    restore(kept, source) {
      const read = keptReputes.read(kept, source)
      reputes.clear()
      for (const [id, [gain, cosine, against, mutedUntil]] of read)
        reputes.set(id, { gain, cosine, against, mutedUntil })
    },
  }
}
