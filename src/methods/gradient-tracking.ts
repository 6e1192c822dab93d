import * as z from 'zod'
import { HearsayError } from '../errors.js'
import { allocate } from '../tensors/index.js'
import { copyInSlices, inSlices } from '../turns.js'
import { averagingMethod } from './averaging/method.js'
import { unjudged } from './averaging/rulings.js'
import { remedyOfUnlike } from './counts-alike.js'
import type { MethodSection } from './method.js'

/**
 * Gradient tracking with local steps, K-GT (algorithm 1, with η_s = 1). Every local step goes along a correction c_i
 * besides; z_i = (x − y)/(Kη), the mean step, goes along with the head, and c_i ← c_i − z_i + Σ w_ij z_j. These
 * corrections add up to 0, so that the mean of all z is that of all gradients (P8), and in the end each z is: peers come
 * to the optimum of all, whatever their data, where averages of what each has trained stay beside it.
 *
 * Of one step a round it is the tracking of arXiv 1607.03218, y⁺ = Wy + ∇F(x⁺) − ∇F(x), with x⁺ = W(x − ηy), as peers
 * train first and merge then. The paper begins with corrections of first gradients; from 0, as here, y⁰ = ∇F(x⁰).
 *
 * Over public copies (`encoding.memory: choco`) it is BEER (arXiv 2201.13320), and the mean is kept whatever a codec
 * loses (P44); of any other lossy encoding the sum would drift.
 *
 * What a loss takes from the sum of corrections stays missing: a peer that leaves, or of which one neighbour hears and
 * another does not, moves the point that the others come to.
 */
export const gradientTracking = averagingMethod<MethodSection, 'tracked', 'correction'>({
  name: 'gradient-tracking',
  says: 'train along what peers track of the mean gradient, for data that differ, then average',
  paper: { title: 'Decentralized Gradient Tracking with Local Steps', arxiv: '2301.01313' },
  schema: z.strictObject({ method: z.literal('gradient-tracking') }),
  // Mean steps of different rounds do not add up.
  needs: { mode: 'sync', mean: true },
  check: (_, { believe }) => unjudged(believe, 'tracked'),
  settle: section => section,
  local: () => ({ rho: 0, momentum: 0, oneStep: false }),
  checkTopology(_, topologyOf) {
    const topology = topologyOf()
    const { name, weights } = topology
    const remedy = remedyOfUnlike(topology)
    if (remedy === undefined) return
    throw new HearsayError(
      'MANIFEST',
      `merge: gradient-tracking needs weights that count every peer alike, or the mean that peers track drifts; those of topology ${name} with weights: ${weights} do not: use ${remedy}, or merge: scaffold`,
    )
  },
  plan: (_, { head: { layout } }) => ({
    beside: { tracked: layout },
    keeps: { correction: layout },
    rules: async ({ correction: by }, { start }) => [{ rule: 'correction', by, start }],
    async say({ tracked }, { correction }, { before, head, trained, learningRate }) {
      // Without a gradient of its own a peer passes on what it owes: its neighbours go on to track each other's.
      if (trained.steps === 0) return copyInSlices(tracked, correction)
      const scale = 1 / (trained.steps * learningRate)
      await inSlices(tracked.length, 3, (from, to) => {
        for (let k = from; k < to; k++) tracked[k] = (before[k]! - head[k]!) * scale
      })
    },
    async merge({ correction }, { own: { tracked }, average }) {
      const mean = allocate(layout)
      await average(mean, 'tracked')
      await inSlices(mean.length, 3, (from, to) => {
        for (let k = from; k < to; k++) correction[k]! += mean[k]! - tracked[k]!
      })
    },
  }),
})
