import { type Learner, type LocalPlan, type PoolModel, privateStepsOf, type TrainReport } from '../learner/index.js'
import { ContributionBudget, type KeptLedger, PrivacyBudget } from '../privacy/index.js'
import type { Topology } from '../topology/index.js'
import type { Manifest } from './manifest.js'
import { pairsIn } from './pair-view.js'

export interface LearnerInit {
  readonly manifest: Pick<Manifest, 'privacy' | 'rounds'>
  readonly model: Pick<PoolModel, 'checkPrivacy'>
  readonly learner: Learner
  /** Of any round: they differ in the learning rate alone. */
  readonly plan: Pick<LocalPlan, 'length' | 'batch'>
  /** Number of the peer's own. */
  readonly records: number
  /** Samples and noise come from the run's seed, as all in a simulation does: nobody is kept from knowing them. */
  readonly isSeeded: boolean
  /** See {@link PeerOptions.budget}. */
  readonly kept?: KeptLedger | undefined
  /** Of the peers that will be there. Left out where they come and go. */
  readonly topology?: Topology | undefined
}

/** A learner and what its training may cost. */
export interface Training {
  /** With a budget for contributions it trains as always: what is released is noised (contribution-learner.ts). */
  readonly learner: Learner
  readonly budget: PrivacyBudget | ContributionBudget | undefined
}

/**
 * The learner as the run's section `privacy` wants it, and the budget it spends from. Where there is none it is as it was.
 *
 * @throws {@link HearsayError} `MANIFEST` where no noise keeps the run within the budget, or its noise not even the first
 *   round, or does not fit peers that come and go; `MODEL` for a layer that mixes records
 */
export function learnerFor(init: LearnerInit): Training {
  const { manifest, model, learner, plan, records, isSeeded, kept, topology } = init
  const { privacy: spec, rounds } = manifest
  if (spec === undefined) return { learner, budget: undefined }
  if (spec.of === 'contribution') {
    const pairs = topology && pairsIn(topology, rounds)
    return { learner, budget: new ContributionBudget({ spec, rounds, pairs, ...kept }) }
  }
  model.checkPrivacy()
  const rate = Math.min(1, plan.batch / records)
  const steps = privateStepsOf(plan.length, rate)
  const budget = new PrivacyBudget({ spec, training: { records, rate, steps, rounds }, ...kept })
  return { learner: privateLearner(learner, budget, isSeeded), budget }
}

/** The report of a round in which no step was taken. */
export const nothingTrained: TrainReport = {
  ...{ samples: 0, steps: 0, stepsInLoop: 0, moved: 0, seconds: 0 },
  loss: Number.NaN,
}

/**
 * Trains by noised steps for as long as the budget allows, whatever the method. Then it trains no more: the peer goes on
 * merging and serving, which costs nothing.
 */
function privateLearner(learner: Learner, budget: PrivacyBudget, seeded: boolean): Learner {
  // Of the last round in which anybody took part.
  let loss = Number.NaN
  return {
    async train(parameters, round, plan, options) {
      // Before the first step, or a process that is killed here would spend the same twice.
      if (!(await budget.charge())) return { ...nothingTrained, loss }
      const { step, steps } = budget
      const asked = { ...plan, length: { steps }, privacy: { ...step, seeded } }
      const report = await learner.train(parameters, round, asked, options)
      if (report.samples > 0) loss = report.loss
      return { ...report, loss }
    },
    // Without noise: private training refuses layers that have statistics, and a contribution has no final merge.
    observe: (parameters, round, options) => learner.observe(parameters, round, options),
    evaluate: (parameters, samples, options) => learner.evaluate(parameters, samples, options),
    leave: () => learner.leave(),
  }
}
