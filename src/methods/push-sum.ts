import * as z from 'zod'
import { type Bundle, layoutOf } from '../tensors/index.js'
import { type MixingRow, splitRow } from '../topology/index.js'
import { inSlices } from '../turns.js'
import { averagingMethod } from './averaging/method.js'
import { localSteps, type StepsSection, stepFields } from './local-steps.js'
import type { Problem } from './method.js'
import type { Neighbourhood } from './neighbourhood.js'

/**
 * Stochastic gradient push (ALGORITHMS.md 3.3): averages on graphs of one-way edges, where nobody can have weights that
 * count all peers alike. A sender splits what it has, (u, a), among itself and those it sends to, a = 1 at first; who
 * receives adds up. Σu and Σa stay as they are, and x = u/a comes to the mean of all.
 *
 * What travels is x and a, whose product is u: so a head is a model, and what a peer believes of it is bounded as always.
 * The sum is then a mean of heads, weighted by p_ij·a_j. Gradients are those at x and the step is u's, x ← x + Δ/a: a peer
 * that many hear in the end has a small a, or a large one where it hears many, and its data count as all others' do.
 *
 * Who is not heard loses nothing to the sum: its share is the receiver's own, of the own x and a. What a lost message has
 * taken from the sender is thereby, on average, added again; without, a would fall for ever and steps would grow.
 */
export const pushSum = averagingMethod<StepsSection, 'mass', 'surplus'>({
  name: 'push-sum',
  says: 'train, then average so that all count alike on one-way edges',
  paper: { title: 'Stochastic Gradient Push for Distributed Deep Learning', arxiv: '1811.10792' },
  schema: z.strictObject({ method: z.literal('push-sum'), ...stepFields }),
  // What is split in different rounds does not add up to what there is.
  needs: { mode: 'sync' },
  check(_, { believe, remembers }) {
    const problems: Problem[] = []
    if (believe !== undefined) {
      const message = 'does not go with merge: push-sum, whose weights follow from what each peer holds; remove it'
      problems.push({ path: ['believe'], message })
    }
    if (remembers === true) {
      const message = 'does not go with merge: push-sum, of which a share must come whole; remove it'
      problems.push({ path: ['encoding', 'memory'], message })
    }
    return problems
  },
  settle: section => section,
  local: localSteps,
  plan: () => ({
    beside: { mass: one },
    // a less 1, as what is kept is 0 at first.
    keeps: { surplus: one },
    async say({ mass }, { surplus }, { before, head }) {
      const own = 1 + surplus[0]!
      mass[0] = own
      if (own === 1) return
      await inSlices(head.length, 2, (from, to) => {
        for (let k = from; k < to; k++) head[k] = before[k]! + (head[k]! - before[k]!) / own
      })
    },
    weigh({ where, own, heard }) {
      const { row, total } = pushed(where, own, heard)
      return scaled(row, total)
    },
    async merge({ surplus }, { where, own, heard }) {
      own.mass[0] = pushed(where, own, heard).total
      surplus[0] = own.mass[0] - 1
    },
  }),
})

const one = layoutOf([{ name: 'mass', shape: [1] }])

/**
 * What becomes of a peer's a, and how much of it comes from whom. No peer has more than all of them together: who says
 * so has as much as that, and what is not above 0 is not heard.
 */
function pushed(
  { graph, self, members }: Neighbourhood,
  own: Bundle<'mass'>,
  heard: ReadonlyMap<number, Bundle<'mass'>>,
): { readonly row: MixingRow; readonly total: number } {
  const split = splitRow(graph, self)
  const from = split.from.map(({ peer, weight }) => {
    const mass = heard.get(peer)?.mass[0] ?? 0
    return { peer, weight: weight * (mass > 0 ? Math.min(mass, members.length) : own.mass[0]!) }
  })
  const kept = split.self * own.mass[0]!
  return { row: { self: kept, from }, total: from.reduce((sum, { weight }) => sum + weight, kept) }
}

function scaled({ self, from }: MixingRow, total: number): MixingRow {
  return { self: self / total, from: from.map(({ peer, weight }) => ({ peer, weight: weight / total })) }
}
