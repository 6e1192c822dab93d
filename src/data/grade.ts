import { type Confusion, confusionOf } from './confusion.js'
import type { Beside } from './measures.js'
import { type Ranking, rankingOf } from './ranking.js'

/*
 * What can only be computed of a classifier once all its answers are there.
 */

/** What a classifier put out: a row a sample, and which class it answered. */
export interface ClassAnswers {
  /** Rows of `classes` numbers. */
  readonly probabilities: Float32Array
  /** The most probable class of each sample. */
  readonly said: ArrayLike<number>
  readonly labels: ArrayLike<number>
  readonly classes: number
}

/** Of the figures beside the measure those that need every sample's probabilities; and the confusion matrix. */
export type Grade = Partial<Pick<Beside, 'auroc' | 'averagePrecision' | 'calibrationError'>> & {
  readonly confusion?: Confusion
}

/** Beyond so many classes nothing is computed: nobody reads their matrix, and ranks are sorted class by class. */
export const gradedClasses = 100

/** Equal bins of confidence, as many as in Guo et al. 2017. */
const bins = 15

/** Nothing where there are no samples, or too many classes; of a model that diverged only the confusion matrix. */
export function gradeOf(answers: ClassAnswers): Grade {
  const { probabilities, said, labels, classes } = answers
  if (labels.length === 0 || classes > gradedClasses) return {}
  const confusion = confusionOf(said, labels, classes)
  if (probabilities.includes(Number.NaN)) return { confusion }
  return { ...meanRanking(answers, confusion), calibrationError: calibrationErrorOf(answers), confusion }
}

/**
 * Of two classes the ranking of the rarer, of equals the second; of more the mean over all that have samples, each
 * against the rest: multi_class='ovr', average='macro' in scikit-learn. Nothing where only one class has samples.
 */
function meanRanking({ probabilities, labels, classes }: ClassAnswers, confusion: Confusion): Partial<Ranking> {
  const samples = confusion.map(row => row.reduce((sum, times) => sum + times, 0))
  const of = classes === 2 ? [samples[0]! < samples[1]! ? 0 : 1] : samples.map((_, k) => k)
  const rankings = of.flatMap(positive => rankingOf(probabilities, labels, { positive, classes }) ?? [])
  if (rankings.length === 0) return {}
  const mean = (name: keyof Ranking): number =>
    rankings.reduce((sum, ranking) => sum + ranking[name], 0) / rankings.length
  return { auroc: mean('auroc'), averagePrecision: mean('averagePrecision') }
}

/**
 * Expected calibration error: Σ |B|/n · |acc(B) − conf(B)| over bins B of the answered class's probability, each open at
 * its lower end (Guo et al. 2017, arXiv 1706.04599, equation 3).
 */
export function calibrationErrorOf({ probabilities, said, labels, classes }: ClassAnswers): number {
  const gaps = new Float64Array(bins)
  for (let i = 0; i < labels.length; i++) {
    const confidence = probabilities[i * classes + said[i]!]!
    const bin = Math.max(0, Math.ceil(confidence * bins) - 1)
    gaps[bin]! += (said[i] === labels[i] ? 1 : 0) - confidence
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / labels.length
}
