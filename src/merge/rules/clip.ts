import * as z from 'zod'
import { boundOf, clipped } from './bound.js'
import { type BoundSection, tau, tolerate } from './fields.js'
import type { WeighingRule } from './rule.js'

interface Section extends BoundSection {
  /** DP-BREM (arXiv 2306.12608) ends at 0.3 of its first bound: 0.7. */
  readonly falls?: number | undefined
}

/**
 * ClippedGossip: z_i + Σ_j w_ij · clip_τ(z_j − z_i). Every neighbour keeps its weight and loses its reach, so that honest
 * vectors that lie far away still count: two cliques with one edge between them learn from each other, where rules that
 * drop what is far leave each with its own.
 */
export const clip: WeighingRule<Section> = {
  name: 'clip',
  says: 'how far each neighbour pulls is bounded; goes with any graph',
  paper: { title: 'Byzantine-Robust Decentralized Learning via ClippedGossip', arxiv: '2202.01545' },
  schema: z.strictObject({
    rule: z.literal('clip'),
    tau,
    falls: z.number().gt(0).lt(1).optional().meta({
      says: 'The share of itself by which τ falls, evenly over the rounds; left out, it stays',
      example: 0.7,
    }),
    tolerate,
  }),
  needed: () => 1,
  keepsWeights: true,
  measures: 'near',
  weigh(section, council) {
    const { self, asked, near, progress } = council
    const others = near.filter((_, place) => place !== self)
    const bound = boundOf(section.tau, others, council)
    const reach = bound * (1 - (section.falls ?? 0) * progress)
    const weights = asked.map((weight, place) => weight * clipped(near[place]!, reach))
    // What each neighbour loses is added as a difference: of one that loses nothing 0, which changes no bit.
    weights[self] = asked.reduce(
      (own, weight, place) => (place === self ? own : own + (weight - weights[place]!)),
      asked[self]!,
    )
    return { weights, bound }
  },
}
