import * as z from 'zod'
import { averagingMethod } from './averaging/method.js'
import type { MethodSection } from './method.js'

interface Section extends MethodSection {
  readonly momentum: number
}

/**
 * DP-BREM in a peer, without the aggregator of the paper (ALGORITHMS-2.md 3.4): each step goes along a momentum that is
 * kept for the whole run, M ← βM + (1 − β)g, and what is handed over is the head alone. What the paper calls learning from
 * history is that momentum: honest heads differ by η(M_j − M_i), in which noise is averaged over 1/(1 − β) steps, so that
 * `believe: clip` may have a small τ, which falls.
 *
 * The momentum of what is not shared begins at zero in each round.
 */
export const dpBrem = averagingMethod<Section, never, 'momentum'>({
  name: 'dp-brem',
  says: 'train along a momentum of the whole run, then average; made for privacy with believe: clip',
  paper: {
    title: 'DP-BREM: Differentially-Private and Byzantine-Robust Federated Learning with Client Momentum',
    arxiv: '2306.12608',
  },
  schema: z.strictObject({
    method: z.literal('dp-brem'),
    momentum: z.number().min(0).lt(1).default(0.9).meta({
      says: 'β of local training, which goes on through all rounds: from 0 up to below 1',
      example: 0.9,
    }),
  }),
  needs: { sums: true },
  settle: section => section,
  // Baselines of peers alone have no memory of rounds.
  local: () => ({ rho: 0, momentum: 0, oneStep: false }),
  plan: ({ momentum: factor }, { head: { layout } }) => ({
    keeps: { momentum: layout },
    rules: async ({ momentum: along }, { start }) => [{ rule: 'lastingMomentum', factor, along, start }],
  }),
})
