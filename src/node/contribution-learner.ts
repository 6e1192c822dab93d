import { isDivergence } from '../errors.js'
import { Gaussian } from '../gaussian.js'
import { adds, type PeerIdStr, pairWords } from '../gossip/index.js'
import type { Learner, TrainReport } from '../learner/index.js'
import type { ContributionBudget } from '../privacy/index.js'
import type { Words } from '../random.js'
import { inSlices, sliceNumbers } from '../turns.js'
import type { PairView } from './pair-view.js'
import { nothingTrained } from './private-learner.js'

export interface ContributionLearnerInit {
  readonly learner: Learner
  readonly budget: ContributionBudget
  /** This peer. */
  readonly self: PeerIdStr
  readonly viewIn: (round: number) => PairView
  /** The random words of the peer's own noise. */
  readonly ownWords: (round: number) => Words
}

/** A normal number takes as long as so many numbers that are merged. */
const vectorsOfNoise = 8

/**
 * Trains as always, and then bounds and noises how far what is shared has moved (DECOR, arXiv 2405.01031): x + clip_C(z − x)
 * + noise is all that goes on from there, whatever the method does in training and whatever on the records. What training
 * diverged on moves nothing: that too shows nobody.
 */
export function contributionLearner({ learner, budget, self, viewIn, ownWords }: ContributionLearnerInit): Learner {
  return {
    async train(parameters, round, plan, options) {
      const view = viewIn(round)
      // Before anything is released, or a process that is killed here would spend the same twice.
      if (!(await budget.charge(view.exposure))) return nothingTrained
      const { start = 0, end = parameters.length } = options?.part ?? {}
      const shared = parameters.subarray(start, end)
      const before = shared.slice()
      try {
        const report = await trainedOr(nothingTrained, () => learner.train(parameters, round, plan, options))
        // Whatever wrote there before it diverged was not bounded.
        if (report === nothingTrained) shared.set(before)
        budget.took({ pairs: view.others.size, moved: report.moved })
        const kept = report.moved > budget.clip ? budget.clip / report.moved : 1
        const moved = await release(shared, before, kept, noisesOf(view, budget, self, ownWords(round)))
        return { ...report, moved }
      } catch (error) {
        // What was trained and not noised must not stay where the next exchange, or a checkpoint, would find it.
        shared.set(before)
        throw error
      }
    },
    // Without noise: private training refuses layers that have statistics, and a contribution has no final merge.
    observe: (parameters, round, options) => learner.observe(parameters, round, options),
    evaluate: (parameters, samples, options) => learner.evaluate(parameters, samples, options),
    leave: () => learner.leave(),
  }
}

/** What was trained; where that diverged, `diverged`. */
async function trainedOr(diverged: TrainReport, train: () => Promise<TrainReport>): Promise<TrainReport> {
  try {
    return await train()
  } catch (error) {
    if (isDivergence(error)) return diverged
    throw error
  }
}

/** One source of noise: added, or taken off where the deviation is below 0. */
interface Noise {
  readonly gaussian: Gaussian
  readonly deviation: number
}

function noisesOf(
  view: PairView,
  { clip, noise, pairNoise }: ContributionBudget,
  self: PeerIdStr,
  own: Words,
): Noise[] {
  const deviation = clip * noise
  const ofPairs = [...view.others].map(([other, secret]) => ({
    gaussian: new Gaussian(pairWords(secret, view.digest, [self, other])),
    deviation: deviation * pairNoise * (adds(self, other) ? 1 : -1),
  }))
  return [{ gaussian: new Gaussian(own), deviation }, ...ofPairs]
}

/**
 * Writes what is released over what was trained. It has no signal: what was trained must not stay.
 *
 * @param kept - the share of the movement that is left
 * @returns how far that is from where training began
 */
async function release(shared: Float32Array, before: Float32Array, kept: number, noises: Noise[]): Promise<number> {
  let squares = 0
  const [sum, one] = [new Float32Array(sliceNumbers), new Float32Array(sliceNumbers)]
  await inSlices(shared.length, vectorsOfNoise * noises.length, (from, to) => {
    sum.fill(0, 0, to - from)
    const drawn = one.subarray(0, to - from)
    for (const { gaussian, deviation } of noises) {
      gaussian.fill(drawn, deviation)
      for (let at = 0; at < drawn.length; at++) sum[at]! += drawn[at]!
    }
    for (let at = from; at < to; at++) {
      const moved = kept * (shared[at]! - before[at]!) + sum[at - from]!
      shared[at] = before[at]! + moved
      squares += moved * moved
    }
  })
  return Math.sqrt(squares)
}
