import * as z from 'zod'
import { mergedUpdates, squaredDistances, type UpdateShare } from '../merge/index.js'
import { inSlices } from '../turns.js'
import { averagingMethod } from './averaging/method.js'
import { isPlain } from './exchange.js'
import { localSteps, type StepsSection } from './local-steps.js'
import type { ManifestFacts, Problem } from './method.js'
import { checkOfAll } from './of-all.js'
import { innerFields, outerRateField } from './outer.js'

interface Section extends StepsSection {
  readonly outerRate: number
  readonly errorDecay: number
  readonly sparse: UpdateShare
}

/**
 * SparseLoCo without a server (ALGORITHMS-2.md 6.3): many inner steps from the anchor φ, which all peers have in common,
 * to θ; what a codec leaves of φ − θ goes to everybody, and what it loses is said later:
 *
 *     e ← β·e + φ − θ ;  said = C(e) ;  e ← e − said ;  φ ← φ − α·merge(all that was said)
 *
 * Messages are sparse, so φ is nowhere sent: every peer computes it, with the same bits, and each message has the digest
 * of the φ that it is of. A peer with another one than most have takes theirs over (src/node/roads/update-exchange.ts).
 * There is no outer momentum: e does its work.
 */
export const sparseloco = averagingMethod<Section, never, 'error'>({
  name: 'sparseloco',
  says: 'train for long, then say the largest of what changed to all, the rest later',
  paper: {
    title: 'Communication Efficient LLM Pre-training with SparseLoCo',
    arxiv: '2508.15706',
  },
  schema: z.strictObject({
    method: z.literal('sparseloco'),
    ...innerFields,
    outerRate: outerRateField(1),
    // As the paper's code.
    errorDecay: z.number().min(0).max(1).default(0.95).meta({
      says: 'β: how much of what was not said yet is left a round later',
      example: 0.9,
    }),
    sparse: z.enum(['senders', 'all']).default('senders').meta({
      says: 'Is a number the mean of those that sent one for it, or of all messages',
      example: 'all',
    }),
  }),
  needs: { mode: 'sync', updates: true },
  check: (_, facts) => refused(facts),
  settle: section => section,
  local: localSteps,
  checkTopology: (_, topologyOf) =>
    checkOfAll('sparseloco', 'updates', 'merge: noloco, or dfedavg with encoding.memory', topologyOf()),
  plan: ({ outerRate, errorDecay, sparse }, { head: { layout } }) => ({
    keeps: { error: layout },
    // θ − βe, from which the road takes φ: what of −e is heard is missing in it no more.
    async say(_, { error }, { head }) {
      await inSlices(error.length, 2, (from, to) => {
        for (let k = from; k < to; k++) head[k] = head[k]! - errorDecay * error[k]!
      })
    },
    updates: {
      async told({ error }, { wanted, said }) {
        await inSlices(error.length, 3, (from, to) => {
          for (let k = from; k < to; k++) error[k] = said[k]! - wanted[k]!
        })
      },
      async merge(anchor, vectors) {
        const squares = squaredDistances(anchor, vectors)
        await inSlices(anchor.length, vectors.length + 1, (from, to) => squares.add(from, to))
        return mergedUpdates(anchor, vectors, squares.totals().map(Math.sqrt), sparse)
      },
    },
    ...(outerRate < 1 && {
      async end(_, { before, merged }) {
        await inSlices(merged.length, 2, (from, to) => {
          for (let k = from; k < to; k++) merged[k] = before[k]! + outerRate * (merged[k]! - before[k]!)
        })
      },
    }),
  }),
})

/** Peers that judge each other differently would have different anchors. */
function refused({ believe, reputation, exchange }: ManifestFacts): Problem[] {
  const problems: Problem[] = []
  if (believe !== undefined) {
    const message = 'does not go with merge: sparseloco, which cuts each message to the median length; remove it'
    problems.push({ path: ['believe'], message })
  }
  if (reputation === 'mute') {
    const message = 'mute does not go with merge: sparseloco, whose peers must merge the same messages; use show'
    problems.push({ path: ['reputation'], message })
  }
  if (!isPlain(exchange)) {
    const message =
      'does not go with merge: sparseloco, whose peers have one model after every round, and exchange rarely by more training.steps or epochs; remove it'
    problems.push({ path: ['exchange'], message })
  }
  return problems
}
