import { type Samples, takeSamples } from '../../data/index.js'
import { type BeliefLimits, createBelief, type HeadSizes, type Measure, measure, type Pass } from '../../merge/index.js'
import { squaredNorm } from '../../tensors/index.js'
import { copyInSlices, inSlices } from '../../turns.js'
import type { RefusedHead } from '../session.js'

/** Own samples on which every merge is tested. Few, as that is done in each gossip step; broken models show on any. */
const probeSamples = 64

/** Some of a peer's samples, evenly spread: the same ones every time, so that losses can be compared. */
export function probeOf(samples: Samples): Samples {
  const size = Math.min(probeSamples, samples.size)
  return takeSamples(
    samples,
    Uint32Array.from({ length: size }, (_, at) => Math.floor((at * samples.size) / size)),
  )
}

export interface BelievingInit {
  readonly limits: BeliefLimits & { readonly lossIncrease: number }
  /** The loss of an uninformed answer: see `uninformedLoss`. */
  readonly uninformed: number
  /** Loss of the model as it is now, on a few own samples. */
  readonly loss: (signal: AbortSignal) => Promise<number>
}

/** One merge that is to be made. */
export interface MergeAsked {
  /** This peer's head, merged in place. */
  readonly head: Float32Array
  /** As long as the head: receives the head as it was before. */
  readonly own: Float32Array
  /** This peer's number. */
  readonly self: number
  /** The heads that came, by number. */
  readonly heads: ReadonlyMap<number, Float32Array>
  /** See `HeadSizes`. @default heads of single peers */
  readonly sum?: HeadSizes['sum']
  /** Are heads believed however far they lie, if the loss allows? @default false */
  readonly anyDistance?: boolean
  /** The merge of the own head and of those that are believed. */
  readonly passOf: PassOf
  /** Begins to measure the heads. @default how far they lie from the own one */
  readonly measure?: (vectors: Parameters<typeof measure>[0]) => Measure
  /**
   * The same accelerated. Acceleration extrapolates: of models that are far apart and each harmless it can make one whose
   * loss explodes, which is no head's fault: then it is done without.
   */
  readonly fasterOf?: PassOf
  /**
   * With CHOCO: how the others know the own head. What came are such copies as well, so this one is measured and merged
   * in its place. @default the head
   */
  readonly copy?: Float32Array | undefined
  /** How one head alone is merged, to see the harm that it does. @default `passOf` */
  readonly aloneOf?: PassOf
}

/** What was measured of the heads before the merge. */
export interface Seen {
  readonly measure: Measure
  /** ‖x_i‖. */
  readonly norm: number
  /** How far the own head came in this round's training. */
  readonly moved: number
  /** Loss on a few own samples with a peer's head, or with the own one; infinite where it is not a number. */
  lossOf(peer: number): Promise<number>
}

export type PassOf = (
  own: Float32Array,
  believed: ReadonlyMap<number, Float32Array>,
  seen: Seen,
) => Pass | Promise<Pass>

export interface MergeMade {
  readonly refused: readonly Omit<RefusedHead, 'name'>[]
  /** ‖x_i − x_j‖² of those that were merged. */
  readonly squares: ReadonlyMap<number, number>
  /** It was made without acceleration, because the loss exploded with it. */
  readonly isPlain: boolean
}

/**
 * A peer's merges, with what it believes bounded: the two stages of UBAR (arXiv 2002.08569), distance and then loss on
 * own samples, as a floor that honest heads do not touch.
 */
export interface Believing {
  /** Called with what this round's training did: heads of others are measured by it. */
  trained(report: { readonly loss: number; readonly moved: number }): void
  /**
   * Merges the heads that are believed. Heads that break the model are left out, the worst first; where nothing else
   * helps the own head stays as it was.
   *
   * @throws the signal's reason; the head is then as it was
   */
  merge(asked: MergeAsked, signal: AbortSignal): Promise<MergeMade>
  /** See `Belief`. */
  usual(): readonly number[]
  /** Goes on with what was usual before the run was interrupted. */
  recall(usual: readonly number[]): void
}

export function createBelieving({ limits, uninformed, loss }: BelievingInit): Believing {
  let belief = createBelief(limits)
  let moved = 0
  let lossLimit = limits.lossIncrease * uninformed

  /** The loss with what lies in the head; infinite where anything is not finite. */
  async function lossNow(squares: number, signal: AbortSignal): Promise<number> {
    // Some backends' operations turn NaN into numbers: the parameters are checked, not the loss alone.
    const lost = Number.isFinite(squares) ? await loss(signal) : Number.POSITIVE_INFINITY
    return Number.isNaN(lost) ? Number.POSITIVE_INFINITY : lost
  }

  async function merge(asked: MergeAsked, signal: AbortSignal): Promise<MergeMade> {
    const { head, own, heads, passOf, fasterOf, aloneOf = passOf } = asked
    const seen = { ...(await look(asked, () => lossNow(0, signal))), moved }
    const all = seen.measure.near()
    const apart = new Map([...all].map(([peer, square]) => [peer, Math.sqrt(square)]))
    const { reach, tooFar } = asked.anyDistance
      ? { reach: Number.POSITIVE_INFINITY, tooFar: [] }
      : belief.judge({ own: seen.norm, moved, distances: apart, sum: asked.sum })
    const refused: MergeMade['refused'][number][] = tooFar.map(peer => ({
      peer,
      reason: 'TOO_FAR',
      times: apart.get(peer)! / reach,
    }))
    const believed = new Map([...heads].filter(([peer]) => !tooFar.includes(peer)))

    /** Puts the merge with these into the head. @returns its loss */
    const lossWith = async (some: ReadonlyMap<number, Float32Array>, passIn = passOf): Promise<number> => {
      const { vectors, write } = await passIn(own, some, seen)
      let squares = 0
      await inSlices(head.length, vectors, (from, to) => {
        write(head, from, to)
        squares += squaredNorm(head, from, to)
      })
      return some.size === 0 ? 0 : lossNow(squares, signal)
    }
    let lost = await lossWith(believed, fasterOf)
    const isPlain = fasterOf !== undefined && lost > lossLimit
    if (isPlain) lost = await lossWith(believed)
    if (lost > lossLimit) {
      const harm = new Map<number, number>()
      for (const [peer, values] of believed) harm.set(peer, await lossWith(new Map([[peer, values]]), aloneOf))
      const worst = [...believed.keys()].sort(
        (a, b) => compare(harm.get(b)!, harm.get(a)!) || compare(apart.get(b)!, apart.get(a)!) || a - b,
      )
      for (const peer of worst) {
        believed.delete(peer)
        // The loss of the merge from which this head is removed: heads that are harmless one by one may break it
        // together.
        refused.push({ peer, reason: 'LOSS_TOO_HIGH', times: lost / lossLimit })
        lost = await lossWith(believed)
        if (lost <= lossLimit) break
      }
    }
    return { refused, squares: new Map([...all].filter(([peer]) => believed.has(peer))), isPlain }
  }

  return {
    usual: () => belief.usual(),
    recall(usual) {
      belief = createBelief(limits, usual)
    },
    trained(report) {
      moved = report.moved
      lossLimit = limits.lossIncrease * Math.max(report.loss, uninformed)
    },
    async merge(asked, signal) {
      if (asked.heads.size === 0) {
        asked.own.set(asked.head)
        return { refused: [], squares: new Map(), isPlain: false }
      }
      try {
        return await merge(asked, signal)
      } catch (error) {
        asked.head.set(asked.own)
        throw error
      }
    },
  }
}

/**
 * Copies the own head, and measures those that came.
 *
 * @param lossNow - of the model with what lies in the head
 */
async function look(asked: MergeAsked, lossNow: () => Promise<number>): Promise<Omit<Seen, 'moved'>> {
  const { head, own, self, heads, copy = head } = asked
  const measured = (asked.measure ?? measure)({ self, own: copy, others: heads })
  let norm = 0
  const take = (from: number, to: number): void => {
    own.set(head.subarray(from, to), from)
    norm += squaredNorm(copy, from, to)
  }
  await inSlices(head.length, measured.vectors, take, ...measured.rows)
  const losses = new Map<number, number>()
  return {
    measure: measured,
    norm: Math.sqrt(norm),
    async lossOf(peer) {
      if (!losses.has(peer)) {
        await copyInSlices(head, peer === self ? own : heads.get(peer)!)
        losses.set(peer, await lossNow())
      }
      return losses.get(peer)!
    },
  }
}

/** Infinity − Infinity is no number. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
