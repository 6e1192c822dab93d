/*
 * Which class was answered for which: the matrix from which every figure of single classes follows.
 */

/** How often a class was answered, by label (rows) and answer (columns). */
export type Confusion = readonly (readonly number[])[]

/** Of each class: how often it was said rightly, how often it was said, and how often it was so. */
export interface ClassCounts {
  /** The confusion matrix's diagonal. */
  readonly right: ArrayLike<number>
  /** Its sums by answer. */
  readonly said: ArrayLike<number>
  /** Its sums by label. */
  readonly samples: ArrayLike<number>
}

/** One class; null where a figure would be 0 / 0, as the precision of a class that was never answered: its F1 is 0. */
export interface ClassFigures {
  readonly samples: number
  /** Of the samples that were given this class, the share that is of it: tp / (tp + fp). */
  readonly precision: number | null
  /** Of the samples of this class, the share that was found: tp / (tp + fn). */
  readonly recall: number | null
  /** Their harmonic mean, 2·tp / (2·tp + fp + fn). */
  readonly f1: number | null
}

/** @param classes - how many there are */
export function confusionOf(answers: ArrayLike<number>, labels: ArrayLike<number>, classes: number): Confusion {
  const matrix = Array.from({ length: classes }, () => Array<number>(classes).fill(0))
  for (let i = 0; i < labels.length; i++) matrix[labels[i]!]![answers[i]!]! += 1
  return matrix
}

/** The sums that the matrix's classes have. */
export function countsIn(confusion: Confusion): ClassCounts {
  const places = confusion.map((_, k) => k)
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  return {
    right: places.map(k => confusion[k]![k]!),
    said: places.map(k => sum(confusion.map(row => row[k]!))),
    samples: confusion.map(sum),
  }
}

/** Counts answers by class. @param classes - how many there are */
export function countClasses(answers: ArrayLike<number>, labels: ArrayLike<number>, classes: number): ClassCounts {
  const counts = {
    right: new Float64Array(classes),
    said: new Float64Array(classes),
    samples: new Float64Array(classes),
  }
  for (let i = 0; i < labels.length; i++) {
    const [answer, label] = [answers[i]!, labels[i]!]
    counts.said[answer]! += 1
    counts.samples[label]! += 1
    if (answer === label) counts.right[label]! += 1
  }
  return counts
}

/** Precision, recall and F1 of each class, as scikit-learn's precision_recall_fscore_support has them where not 0 / 0. */
export function classFigures({ right, said, samples }: ClassCounts): ClassFigures[] {
  return Array.from({ length: samples.length }, (_, k) => {
    const share = (part: number, of: number): number | null => (of === 0 ? null : part / of)
    const [answered, labelled] = [said[k]!, samples[k]!]
    return {
      samples: labelled,
      precision: share(right[k]!, answered),
      recall: share(right[k]!, labelled),
      f1: share(2 * right[k]!, labelled + answered),
    }
  })
}
