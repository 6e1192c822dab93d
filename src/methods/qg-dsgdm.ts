import * as z from 'zod'
import { inSlices } from '../turns.js'
import { averagingMethod } from './averaging/method.js'
import { rhoField } from './local-steps.js'
import type { MethodSection } from './method.js'

interface Section extends MethodSection {
  readonly rho: number
  readonly momentum: number
  readonly mu: number
}

/**
 * Quasi-global momentum (ALGORITHMS.md 2). Where data differ, a momentum of own gradients points each peer its own way.
 * This one is built of how far the merged model has come in a round, so that it points where the network goes, and costs
 * no bytes: local steps y ← y − η(g + βM) with M fixed, and after the merge M ← (1 − μ)M + μ(x − x⁺)/(ηK).
 *
 * The paper has one step a round, K = 1. With more, M stays as it is through them and the way is divided by their
 * number, so that it is in units of a gradient for every K: our choice. With SAM g is its gradient. What is not shared
 * has no momentum, as the network goes nowhere with it.
 */
export const qgDsgdm = averagingMethod<Section, never, 'momentum'>({
  name: 'qg-dsgdm',
  says: 'train along a momentum of where the merged model goes, then average; for data that differ',
  paper: {
    title: 'Quasi-Global Momentum: Accelerating Decentralized Deep Learning on Heterogeneous Data',
    arxiv: '2102.04761',
  },
  schema: z.strictObject({
    method: z.literal('qg-dsgdm'),
    rho: rhoField,
    momentum: z.number().min(0).lt(1).default(0.9).meta({
      says: 'β of local training along where the merged model goes: from 0 up to below 1',
      example: 0.8,
    }),
    mu: z.number().gt(0).max(1).default(0.1).meta({
      says: 'μ, how much of that momentum is the last round’s way: from above 0 up to 1',
      example: 0.2,
    }),
  }),
  needs: { sums: true },
  settle: section => section,
  // Baselines of peers alone have no merged model.
  local: ({ rho }) => ({ rho, momentum: 0, oneStep: false }),
  plan: ({ momentum: factor, mu }, { head: { layout } }) => ({
    keeps: { momentum: layout },
    // A number of 0 makes no rule: that is plain averaging to the last bit.
    rules: async ({ momentum: by }, { start }) => (factor > 0 ? [{ rule: 'correction', by, factor, start }] : []),
    async end({ momentum }, { before, merged, trained, learningRate }) {
      // Of a budget that is spent: what others have trained is no step of this peer's.
      if (trained.steps === 0) return
      const scale = mu / (trained.steps * learningRate)
      await inSlices(momentum.length, 3, (from, to) => {
        for (let k = from; k < to; k++) momentum[k] = (1 - mu) * momentum[k]! + scale * (before[k]! - merged[k]!)
      })
    },
  }),
})
