import * as z from 'zod'
import { inSlices } from '../turns.js'
import { averagingMethod } from './averaging/method.js'
import { localSteps } from './local-steps.js'
import { type OuterSection, outerFields } from './outer.js'

/**
 * NoLoCo (ALGORITHMS-2.md 6.2): many inner steps from the anchor φ to θ, then one outer step in a small group that the
 * round draws, of two on a graph of pairs:
 *
 *     v ← μv + η·mean(θ − φ) + η·(mean(φ) − φ) ;  φ ← φ + v
 *
 * With one η for both, as published, the means are together η·(mean(θ) − φ): so θ alone travels, half of the paper's
 * bytes, and on any graph the mean is the weighted average. Who hears nobody is a group of one. Newcomers begin with
 * another's φ, and v = 0.
 */
export const noloco = averagingMethod<OuterSection, never, 'velocity'>({
  name: 'noloco',
  says: 'train for long, then take an outer step with momentum towards the average; suits pairs',
  paper: {
    title: 'NoLoCo: No-all-reduce Low Communication Training Method for Large Models',
    arxiv: '2506.10911',
  },
  schema: z.strictObject({ method: z.literal('noloco'), ...outerFields(0.5) }),
  // The momentum of anchors that are of different rounds is not bounded.
  needs: { mode: 'sync', sums: true },
  check({ outerRate, outerMomentum }) {
    const limit = momentumLimit(outerRate)
    if (outerMomentum < limit) return []
    const message = `must be less than √(1 − outerRate/2), ${limit.toFixed(3)} with outerRate ${outerRate}: with more, models of random pairs run apart`
    return [{ path: ['merge', 'outerMomentum'], message }]
  },
  settle: section => section,
  local: localSteps,
  plan: ({ outerRate, outerMomentum }, { head: { layout } }) => ({
    keeps: { velocity: layout },
    async end({ velocity }, { before, merged }) {
      await inSlices(velocity.length, 3, (from, to) => {
        for (let k = from; k < to; k++) {
          velocity[k] = outerMomentum * velocity[k]! + outerRate * (merged[k]! - before[k]!)
          merged[k] = before[k]! + velocity[k]!
        }
      })
    },
  }),
})

/**
 * Above which μ the anchors run apart: the second moments of (φ, v) in random pairs follow a linear recursion
 * (ALGORITHMS-2.md 6.2), of which det(I − A) = η(1 − η/2 − μ²).
 */
export function momentumLimit(outerRate: number): number {
  return Math.sqrt(1 - outerRate / 2)
}
