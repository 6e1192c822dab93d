import * as z from 'zod'
import type { RuleSpec } from '../learner/index.js'
import { allocate, type Bundle, type Layout } from '../tensors/index.js'
import { copyInSlices, inSlices } from '../turns.js'
import { averagingMethod } from './averaging/method.js'
import { unjudged } from './averaging/rulings.js'
import type { MethodSection } from './method.js'

/**
 * SCAFFOLD among neighbours. Data that differ pull each peer's steps its own way; a control variate c_i estimates that
 * pull, c the average of its neighbourhood, and every local step goes along c − c_i besides (eq. 3). c_i is the
 * paper's option II: the mean step of the round, c_i ← c_i − c + (x − y)/(Kη). On a full graph with equal weights this is
 * the paper's algorithm with all clients and η_g = 1: c is the mean of all c_i.
 */
export const scaffold = averagingMethod<MethodSection, 'control', 'own' | 'mean'>({
  name: 'scaffold',
  says: 'train along the neighbours’ mean step where data differ, then average',
  paper: { title: 'SCAFFOLD: Stochastic Controlled Averaging for Federated Learning', arxiv: '1910.06378' },
  schema: z.strictObject({ method: z.literal('scaffold') }),
  // Control variates of different rounds do not cancel.
  needs: { mode: 'sync' },
  check: (_, { believe }) => unjudged(believe, 'control'),
  settle: section => section,
  local: () => ({ rho: 0, momentum: 0, oneStep: false }),
  plan: (_, { head: { layout } }) => ({
    beside: { control: layout },
    keeps: { own: layout, mean: layout },
    rules: (keeps, { start }) => corrected(layout, keeps, start),
    async say({ control }, { own, mean }, { before, head, trained, learningRate }) {
      // Nothing new is known of the own data then, and zeros would say that they pull nowhere.
      if (trained.steps === 0) return copyInSlices(control, own)
      const scale = 1 / (trained.steps * learningRate)
      await inSlices(own.length, 5, (from, to) => {
        for (let k = from; k < to; k++) control[k] = own[k]! += (before[k]! - head[k]!) * scale - mean[k]!
      })
    },
    merge: ({ mean }, { average }) => average(mean, 'control'),
  }),
})

/** The rule by which every step goes along c − c_i. */
export async function corrected(
  layout: Layout,
  { own, mean }: Bundle<'own' | 'mean'>,
  start: number,
): Promise<readonly RuleSpec[]> {
  const by = allocate(layout)
  await inSlices(by.length, 3, (from, to) => {
    for (let k = from; k < to; k++) by[k] = mean[k]! - own[k]!
  })
  return [{ rule: 'correction', by, start }]
}
