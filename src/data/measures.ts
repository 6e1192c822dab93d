import type { ClassCounts, Confusion } from './confusion.js'

/*
 * How right a model's answers are: all figures that are shown of it, and those that sums over the answers suffice for.
 * What needs all answers at once is in grade.ts.
 */

/** Of numbers that are predicted, in one unit: Σ(y − ŷ)², Σ|y − ŷ|, Σy and Σy². */
export interface ErrorSums {
  readonly squared: number
  readonly absolute: number
  readonly sum: number
  readonly squares: number
}

/** How right a model's answers are. */
export interface Quality extends Partial<Beside> {
  /**
   * How good it is in the measure of the objective, more is better: the share of samples whose most probable class is
   * the label, 0 … 1; of numbers R², at most 1; of restored images their mean PSNR in dB.
   */
  readonly accuracy: number
  /** Of classes: the one with the fewest samples, of those that have any; of equals the first. */
  readonly rarest?: {
    readonly class: number
    readonly right: number
    readonly samples: number
  }
  /** Has the rarest class so few samples that accuracy may hide that none of them is found? */
  readonly isUnbalanced?: boolean
  /** Classes without a sample: they are in no mean over classes. Left out where there are none. */
  readonly untested?: readonly number[]
  /** Of classes, unless they are very many. */
  readonly confusion?: Confusion
}

/** What stands beside the measure: of numbers MAE and RMSE, of classes the others. */
export interface Beside {
  /**
   * The F1 of each class, 2·tp / (2·tp + fp + fn), averaged over those that occur in the labels or the answers, as
   * scikit-learn's f1_score(average='macro') does. Unlike accuracy it is low for a model that always answers the
   * commonest class.
   */
  readonly macroF1: number
  /**
   * The mean of the classes' recalls, tp / (tp + fn), over those that have samples (Brodersen et al. 2010, "The balanced
   * accuracy and its posterior distribution"; scikit-learn's balanced_accuracy_score). A model that always answers one of k
   * classes has 1 / k, however common that one is.
   */
  readonly balancedAccuracy: number
  /** Recall of the rarest class: the share of its samples that is found. */
  readonly rarestRecall: number
  /** The probability that a sample of a class is ranked before one that is not: {@link Ranking}, and {@link gradeOf}. */
  readonly auroc: number
  /** Mean precision over all thresholds, for the same classes. Unlike AUROC it falls where a class is rare. */
  readonly averagePrecision: number
  /** How far the model's confidence is from its accuracy: {@link calibrationErrorOf}. */
  readonly calibrationError: number
  /** Mean absolute error, in the target's units. */
  readonly mae: number
  /** Root of the mean squared error, in the target's units. */
  readonly rmse: number
}

export const besideNames = [
  'macroF1',
  'balancedAccuracy',
  'rarestRecall',
  'auroc',
  'averagePrecision',
  'calibrationError',
  'mae',
  'rmse',
] as const satisfies readonly (keyof Beside)[]

/** Only what stands beside the measure. */
export function besideIn(quality: Partial<Beside>): Partial<Beside> {
  return Object.fromEntries(besideNames.flatMap(name => (quality[name] === undefined ? [] : [[name, quality[name]]])))
}

/**
 * Classes are unbalanced where the rarest has less than half of what it would have were all alike: in two classes less
 * than a quarter of the samples. From there on saying the commonest always is right in three of four.
 */
const unbalancedShare = 0.5

/** How right answers are that name a class. Without samples accuracy is 0 and the rest is not there. */
export function classQuality(counts: ClassCounts): Quality {
  const { right, said, samples } = counts
  const classes = Array.from({ length: samples.length }, (_, k) => k)
  const total = sum(samples)
  if (total === 0) return { accuracy: 0 }
  const tested = classes.filter(k => samples[k]! > 0)
  const untested = classes.filter(k => samples[k] === 0)
  const scores = classes.flatMap(k => {
    const named = said[k]! + samples[k]!
    return named === 0 ? [] : [(2 * right[k]!) / named]
  })
  const rarest = tested.reduce((a, b) => (samples[b]! < samples[a]! ? b : a))
  return {
    accuracy: sum(right) / total,
    macroF1: mean(scores),
    balancedAccuracy: mean(tested.map(k => right[k]! / samples[k]!)),
    rarestRecall: right[rarest]! / samples[rarest]!,
    rarest: { class: rarest, right: right[rarest]!, samples: samples[rarest]! },
    isUnbalanced: tested.length > 1 && samples[rarest]! < (unbalancedShare * total) / tested.length,
    ...(untested.length > 0 && { untested }),
  }
}

/**
 * How right predicted numbers are: R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)², and the mean errors.
 *
 * @param std - how many of the target's units the sums' unit is
 */
export function errorQuality({ squared, absolute, sum, squares }: ErrorSums, size: number, std = 1): Quality {
  if (size === 0) return { accuracy: 0 }
  const spread = squares - sum ** 2 / size
  return {
    // What does not vary is predicted by nothing: R² is then 0, not a division by zero.
    accuracy: spread > 0 ? 1 - squared / spread : 0,
    mae: (absolute / size) * std,
    rmse: Math.sqrt(squared / size) * std,
  }
}

/** Sums the errors of predicted numbers, about the first target: of years, squares would lose what differs. */
export function sumErrors(answers: ArrayLike<number>, targets: ArrayLike<number>): ErrorSums {
  const sums = { squared: 0, absolute: 0, sum: 0, squares: 0 }
  const about = targets[0] ?? 0
  for (let i = 0; i < targets.length; i++) {
    const [target, error] = [targets[i]! - about, targets[i]! - answers[i]!]
    sums.squared += error ** 2
    sums.absolute += Math.abs(error)
    sums.sum += target
    sums.squares += target ** 2
  }
  return sums
}

/** Better than this a picture of 8 bits cannot be restored: 100 dB instead of infinitely many. */
export const smallestSquaredError = 1e-10

/**
 * Mean over the images of the peak signal-to-noise ratio, −10·log₁₀ of the mean squared error, in dB.
 *
 * @param length - numbers of one image, black being 0 and white 1
 */
export function imageQuality(restored: ArrayLike<number>, images: ArrayLike<number>, length: number): Quality {
  const decibels: number[] = []
  for (let at = 0; at < images.length; at += length) {
    let squared = 0
    for (let i = at; i < at + length; i++) squared += (restored[i]! - images[i]!) ** 2
    decibels.push(-10 * Math.log10(Math.max(squared / length, smallestSquaredError)))
  }
  return { accuracy: decibels.length === 0 ? 0 : mean(decibels) }
}

function sum(values: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]!
  return total
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length
}
