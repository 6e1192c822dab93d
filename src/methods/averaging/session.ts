import { HearsayError, whose } from '../../errors.js'
import type { TrainReport } from '../../learner/index.js'
import { ReasonCounts } from '../../reason-counts.js'
import { headOf } from '../../tensors/index.js'
import type { NeighbourRoad } from '../roads.js'
import type { Disbelief, Session, SessionContext } from '../session.js'
import { createBelieving, probeOf } from './believing.js'
import { createAveraging } from './rounds.js'

/** What a method of averaging sets beside its plan. */
export interface AveragingSettings {
  /** Exchanges in a round; 0 for none. */
  readonly steps: number
  /** Chebyshev instead of plain gossip steps. */
  readonly chebyshev: boolean
}

/** The report of a round whose training was given up. */
const nothingTrained = { loss: 0, samples: 0, moved: 0, seconds: 0 } as const

/** A peer that trains, hands its head to its neighbours, and averages it with theirs as far as it believes them. */
export function createAveragingSession(
  { steps, chebyshev }: AveragingSettings,
  context: SessionContext,
  road: NeighbourRoad,
): Session {
  const { learner, parameters, localPlan, test } = context
  const refused = new ReasonCounts<Disbelief>()
  const probe = probeOf(context.data.samples)
  const loss = async (signal: AbortSignal): Promise<number> =>
    (await learner.evaluate(parameters, probe, { signal })).loss
  const believing = createBelieving({
    limits: context.limits,
    usual: context.usual,
    uninformed: context.uninformed,
    loss,
  })
  const averaging = createAveraging({
    steps,
    chebyshev,
    road,
    believing,
    staleness: context.staleness,
    onRefused: reason => refused.add(reason),
  })
  let report: Pick<TrainReport, 'loss' | 'samples' | 'moved' | 'seconds'> = nothingTrained

  return {
    async train(round, signal) {
      try {
        report = await whose(
          context.name,
          learner.train(parameters, round, localPlan(round), { signal, part: context.head }),
        )
      } catch (error) {
        // Whose fault it is shows in the next round, which begins with what this peer has trained alone.
        const isDiverged = error instanceof HearsayError && error.code === 'RUN'
        if (!isDiverged || !averaging.undo(headOf(parameters, context.head))) throw error
        report = { ...nothingTrained, loss: report.loss }
      }
      believing.trained(report)
      return report
    },
    ...(steps > 0 && { exchange: (turn, signal) => averaging.round(turn, signal) }),
    evaluate: async (_, signal) => {
      const { samples: _samples, ...tested } = await learner.evaluate(parameters, test, { signal })
      return tested
    },
    async evaluateBefore(copy, signal) {
      const { samples: _samples, loss: _loss, ...quality } = await learner.evaluate(copy, test, { signal })
      return quality
    },
    loss,
    replaced: before => averaging.replaced(before),
    resume(unmerged) {
      averaging.replaced(unmerged.head.slice())
      report = { ...nothingTrained, loss: unmerged.loss }
    },
    usual: () => believing.usual(),
    unmerged() {
      const head = averaging.before()
      return head && { head, loss: report.loss }
    },
    refused: () => refused.toRecord(),
  }
}
