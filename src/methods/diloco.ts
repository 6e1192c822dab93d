import * as z from 'zod'
import { inSlices } from '../turns.js'
import { averagingMethod } from './averaging/method.js'
import { localSteps } from './local-steps.js'
import { checkOfAll } from './of-all.js'
import { type OuterSection, outerFields } from './outer.js'

/**
 * DiLoCo without a server (ALGORITHMS-2.md 6.1): many inner steps from the anchor φ, which all peers have in common, to
 * θ, then one outer step along the mean of all, with Nesterov's momentum:
 *
 *     Δ = φ − mean(θ) ;  v ← μv + Δ ;  φ ← φ − η(Δ + μv)
 *
 * Where somebody was not heard anchors differ; each peer goes on from its own, and they come together again, as each
 * step takes them to the same mean.
 */
export const diloco = averagingMethod<OuterSection, never, 'velocity'>({
  name: 'diloco',
  says: 'train for long, then take an outer step with momentum along the mean of all',
  paper: {
    title: 'DiLoCo: Distributed Low-Communication Training of Language Models',
    arxiv: '2311.08105',
  },
  schema: z.strictObject({ method: z.literal('diloco'), ...outerFields(0.9) }),
  needs: { mode: 'sync', sums: true, alike: true },
  settle: section => section,
  local: localSteps,
  checkTopology: (_, topologyOf) => checkOfAll('diloco', 'mean', 'merge: noloco', topologyOf()),
  plan: ({ outerRate, outerMomentum }, { head: { layout } }) => ({
    keeps: { velocity: layout },
    async end({ velocity }, { before, merged }) {
      await inSlices(velocity.length, 3, (from, to) => {
        for (let k = from; k < to; k++) {
          const way = before[k]! - merged[k]!
          velocity[k] = outerMomentum * velocity[k]! + way
          merged[k] = before[k]! - outerRate * (way + outerMomentum * velocity[k]!)
        }
      })
    },
  }),
})
