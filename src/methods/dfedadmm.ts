import * as z from 'zod'
import { inSlices } from '../turns.js'
import { averagingMethod } from './averaging/method.js'
import { rhoField } from './local-steps.js'
import type { MethodSection } from './method.js'

interface Section extends MethodSection {
  readonly rho: number
  readonly lambda: number
}

/**
 * DFedADMM: alternating directions of multipliers, inexact, with one dual vector ĝ_i a peer. Local steps go down the
 * peer's part of the augmented Lagrangian; what is handed over is y and not the dual, which is in it:
 *
 *     y ← y − η(g − ĝ + (y − x)/λ), K times ;  ĝ ← ĝ − (y − x)/λ ;  z ← y − λĝ ;  x ← Σ w_ij z_j
 *
 * Where training stands still ĝ is the own gradient, and z a step of length λ against it. So on a full graph all come
 * to the optimum of all; on a sparse one peers lie apart as far as λ times what one exchange does not even out.
 *
 * The steps are those of FedSpeed (arXiv 2302.10429, algorithm 1), which the paper takes to a graph. Our choices: the
 * dual begins at 0; λ is 1, as a step of that length is about what an epoch of local steps makes.
 */
export const dfedadmm = averagingMethod<Section, never, 'dual'>({
  name: 'dfedadmm',
  says: 'train with a dual vector that learns how the own data pull, then average; for dense graphs',
  paper: {
    title: 'DFedADMM: Dual Constraints Controlled Model Inconsistency for Decentralized Federated Learning',
    arxiv: '2308.08290',
  },
  schema: z.strictObject({
    method: z.literal('dfedadmm'),
    rho: rhoField,
    lambda: z.number().gt(0).max(1000).default(1).meta({
      says: 'λ: how far local steps may go from where the round began, and how far a dual step goes',
      example: 0.5,
    }),
  }),
  // A dual belongs to the steps of its own round.
  needs: { mode: 'sync', sums: true },
  check({ lambda }, { training: { learningRate } }) {
    if (lambda > learningRate) return []
    const message = `must be more than training.learningRate, ${learningRate}: the pull to where a round began overshoots`
    return [{ path: ['merge', 'lambda'], message }]
  },
  settle: section => section,
  // Baselines of peers alone have no dual.
  local: ({ rho }) => ({ rho, momentum: 0, oneStep: false }),
  plan: ({ lambda }, { head: { layout } }) => ({
    keeps: { dual: layout },
    rules: async ({ dual: by }, { start, values: to }) => [
      { rule: 'correction', by, factor: -1, start },
      { rule: 'proximal', to, factor: 1 / lambda, start },
    ],
    async say(_, { dual }, { before, head, trained }) {
      // A peer that trains no more would go on along its last gradient for ever.
      if (trained.steps === 0) return
      await inSlices(dual.length, 3, (from, to) => {
        for (let k = from; k < to; k++) {
          dual[k]! -= (head[k]! - before[k]!) / lambda
          head[k]! -= lambda * dual[k]!
        }
      })
    },
  }),
})
