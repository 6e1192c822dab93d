import { type Samples, takeSamples } from '../../data/index.js'
import { type BeliefLimits, type Contribution, createBelief, mix, squaredDistances } from '../../merge/index.js'
import { squaredNorm } from '../../tensors/index.js'
import { inSlices } from '../../turns.js'
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
  /** The heads that came, by number. */
  readonly heads: ReadonlyMap<number, Float32Array>
  /** What to mix of the own head and of those that are believed. */
  readonly partsOf: PartsOf
  /**
   * The same without acceleration, where `partsOf` has it. Acceleration extrapolates: of models that are far apart and
   * each harmless it can make one whose loss explodes, which is no head's fault.
   */
  readonly plainOf?: PartsOf
}

export type PartsOf = (own: Float32Array, believed: ReadonlyMap<number, Float32Array>) => readonly Contribution[]

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

  async function merge({ head, own, heads, partsOf, plainOf }: MergeAsked, signal: AbortSignal): Promise<MergeMade> {
    const peers = [...heads.keys()].sort((a, b) => a - b)
    const distances = squaredDistances(
      head,
      peers.map(peer => heads.get(peer)!),
    )
    let norm = 0
    await inSlices(head.length, 1 + peers.length, (from, to) => {
      own.set(head.subarray(from, to), from)
      distances.add(from, to)
      norm += squaredNorm(head, from, to)
    })
    const all = new Map(distances.totals().map((square, j) => [peers[j]!, square]))
    const apart = new Map([...all].map(([peer, square]) => [peer, Math.sqrt(square)]))
    const { reach, tooFar } = belief.judge({ own: Math.sqrt(norm), moved, distances: apart })
    const refused: MergeMade['refused'][number][] = tooFar.map(peer => ({
      peer,
      reason: 'TOO_FAR',
      times: apart.get(peer)! / reach,
    }))
    const believed = new Map([...heads].filter(([peer]) => !tooFar.includes(peer)))

    /** Puts the merge with these into the head. @returns its loss; infinite where anything is not finite */
    const lossWith = async (some: ReadonlyMap<number, Float32Array>, partsIn = plainOf ?? partsOf): Promise<number> => {
      const parts = partsIn(own, some)
      let squares = 0
      await inSlices(head.length, parts.length, (from, to) => {
        mix(head, parts, from, to)
        squares += squaredNorm(head, from, to)
      })
      if (some.size === 0) return 0
      // Some backends' operations turn NaN into numbers: the parameters are checked, not the loss alone.
      const lost = Number.isFinite(squares) ? await loss(signal) : Number.POSITIVE_INFINITY
      return Number.isNaN(lost) ? Number.POSITIVE_INFINITY : lost
    }
    let lost = await lossWith(believed, partsOf)
    const isPlain = plainOf !== undefined && lost > lossLimit
    if (isPlain) lost = await lossWith(believed)
    if (lost > lossLimit) {
      const harm = new Map<number, number>()
      for (const [peer, values] of believed) harm.set(peer, await lossWith(new Map([[peer, values]])))
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

/** Infinity − Infinity is no number. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
