import * as z from 'zod'
import { isDivergence, whose } from '../../errors.js'
import type { TrainReport } from '../../learner/index.js'
import { remembered } from '../../merge/index.js'
import { ReasonCounts } from '../../reason-counts.js'
import { type BundleShape, fillFrom, headOf, layoutOf, type NamedTensor } from '../../tensors/index.js'
import { validate } from '../../validation.js'
import type { NeighbourRoad } from '../roads.js'
import type { Disbelief, Session, SessionContext } from '../session.js'
import { createBelieving, probeOf } from './believing.js'
import { type BesideHead, besideOf } from './beside.js'
import { createFinish, type FinishInit } from './final-merge.js'
import { createJudging } from './judging.js'
import type { AveragingPlan } from './plan.js'
import { createReputation, keptReputes } from './reputation.js'
import { createAveraging } from './rounds.js'
import { createRulings } from './rulings.js'
import { createTrial, keptTrials } from './trial.js'

/** The report of a round whose training was given up. */
const nothingTrained = { loss: 0, samples: 0, moved: 0, seconds: 0 } as const

/** What is usual among the others, see `Belief`, and the loss of the last training, where there is a merge to take back. */
const numbersSchema = z.strictObject({
  usual: z.array(z.number().positive()).max(remembered),
  loss: z.tuple([z.union([z.number(), z.nan()])]).default([Number.NaN]),
})

/** A peer that trains, hands its head to its neighbours, and averages it with theirs as far as it believes them. */
export function createAveragingSession(
  plan: AveragingPlan,
  says: BundleShape,
  context: SessionContext,
  road: NeighbourRoad,
): Session {
  const { learner, parameters, localPlan, test, limits, uninformed } = context
  const { steps = 1, chebyshev = false } = plan
  const rulings = context.believe && createRulings(context.believe, says)
  const vectors = besideOf(plan, says, limits.headDistance, rulings)
  const refused = new ReasonCounts<Disbelief>()
  const probe = probeOf(context.data.samples)
  // A choice by the loss on own samples shows in what is handed over, and has no noise (ALGORITHMS-2.md 3.1).
  const loss = async (signal: AbortSignal): Promise<number> =>
    context.isPrivate ? 0 : (await learner.evaluate(parameters, probe, { signal })).loss
  const believing = createBelieving({ limits, uninformed, loss })
  const { judging, reputation, trial } = judgingOf(context) ?? {}
  const averaging = createAveraging({
    steps,
    chebyshev,
    road,
    believing,
    ...(rulings && { ruling: rulings.of('head') }),
    judging,
    rounds: context.rounds,
    staleness: context.staleness,
    ...(vectors && { beside: vectors }),
    onRefused: reason => refused.add(reason),
  })
  let report: Pick<TrainReport, 'loss' | 'samples' | 'moved' | 'seconds'> = nothingTrained

  return {
    async train(round, signal) {
      const local = localPlan(round)
      const head = headOf(parameters, context.head)
      await judging?.begin(head)
      const rules = [...local.rules, ...((await vectors?.begin(head, context.head.start)) ?? [])]
      try {
        const training = learner.train(parameters, round, { ...local, rules }, { signal, part: context.head })
        const trained = await whose(context.name, training)
        await vectors?.trained(head, trained, local.learningRate)
        report = trained
      } catch (error) {
        // The next round shows the cause: it begins with what this peer has trained alone.
        if (!isDivergence(error) || !averaging.undo(head)) throw error
        await vectors?.forget(head)
        rulings?.forget()
        report = { ...nothingTrained, loss: report.loss }
      }
      believing.trained(report)
      return report
    },
    ...(steps > 0 && { exchange: (turn, signal) => averaging.round(turn, signal) }),
    finish: createFinish({
      ...{ road, steps, averaging, believing, observe: observing(context) },
      onRefused: reason => refused.add(reason),
      whole: async head => vectors?.whole(head) ?? head,
    }),
    evaluate: async (_, signal, graded) => {
      const { samples: _samples, ...tested } = await learner.evaluate(parameters, test, { signal, graded })
      return { ...tested, ...averaging.given() }
    },
    async evaluateBefore(copy, signal) {
      const { samples: _samples, loss: _loss, ...quality } = await learner.evaluate(copy, test, { signal })
      return quality
    },
    loss,
    ...(vectors && { offered: () => vectors.whole(headOf(parameters, context.head)) }),
    replaced: before => averaging.replaced(before),
    kept() {
      const before = averaging.before()
      const { tensors = [], numbers = {} } = rulings?.kept() ?? {}
      return {
        ...(before && { before }),
        tensors: [...(vectors?.kept() ?? []), ...tensors, ...(judging?.kept() ?? [])],
        numbers: { usual: believing.usual(), ...(before && { loss: [report.loss] }), ...numbers },
      }
    },
    restore(kept, source) {
      const { before, tensors: all, numbers } = rulings?.restore(kept, source) ?? kept
      const [reputes, trials] = [keptReputes, keptTrials].map(({ isOne }) => (judging ? all.filter(isOne) : []))
      const tensors = all.filter(tensor => !reputes!.includes(tensor) && !trials!.includes(tensor))
      const {
        usual,
        loss: [last],
      } = validate(numbersSchema, numbers, source, 'PARAMETERS')
      restoreBeside(vectors, tensors, source)
      trial?.restore(trials!, source)
      reputation?.restore(reputes!, source)
      believing.recall(usual)
      if (before === undefined) return
      averaging.replaced(before.slice())
      report = { ...nothingTrained, loss: last }
    },
    ...(reputation && { reputes: () => reputation.reputes }),
    refused: () => refused.toRecord(),
  }
}

function observing({ learner, parameters, localPlan, head: part }: SessionContext): FinishInit['observe'] {
  return (round, signal) => learner.observe(parameters, round, { batch: localPlan(round).batch, part, signal })
}

function restoreBeside(vectors: BesideHead | undefined, tensors: readonly NamedTensor[], source: string): void {
  if (vectors !== undefined) vectors.restore(tensors, source)
  else fillFrom(tensors, { layout: layoutOf([]), values: new Float32Array() }, source)
}

/** Whoever looks at neighbours in the long run: where a run has reputations, and in the field, where newcomers come. */
function judgingOf({ learner, parameters, test, limits, uninformed, reputation: use, isOpen }: SessionContext) {
  if (use === undefined && isOpen !== true) return undefined
  const reputation = use && createReputation(use)
  const trial = createTrial()
  // Of the test, from which nobody trains.
  const heldBack = probeOf(test)
  const judging = createJudging({
    trial,
    reputation,
    loss: async signal => (await learner.evaluate(parameters, heldBack, { signal })).loss,
    lossLimit: limits.lossIncrease * uninformed,
  })
  return { judging, reputation, trial }
}
