import {
  type Answers,
  type ClassFigures,
  classFigures,
  classQuality,
  countClasses,
  errorQuality,
  gradeOf,
  imageQuality,
  type Quality,
  sumErrors,
} from '../data/index.js'
import type { PeerDescription } from '../disk/index.js'
import { mostProbable, type Prediction } from './predict.js'

/** The quality of predictions, where answers are known. */
export interface Score extends Quality {
  /** Samples whose answer is known. */
  readonly samples: number
  /** For a classification, of each class; `right` of its samples were predicted correctly. */
  readonly byClass?: readonly (ClassFigures & { readonly name: string; readonly right: number })[]
}

/** Scores predictions against the answers that are known. Without any, samples are 0. */
export function scoreOf(
  prediction: Prediction,
  { classes }: Pick<PeerDescription, 'classes'>,
  { labels, targets, known }: Answers,
): Score {
  if (labels !== undefined) {
    const places = placesOf(labels, label => label >= 0)
    const best = mostProbable(prediction)
    const answers = {
      probabilities: rowsAt(prediction, places),
      said: places.map(i => best[i]!),
      labels: places.map(i => labels[i]!),
      classes: classes.length,
    }
    const counts = countClasses(answers.said, answers.labels, classes.length)
    const byClass = classFigures(counts).map((figures, k) => ({
      name: classes[k]!,
      right: counts.right[k]!,
      ...figures,
    }))
    return { samples: known, byClass, ...classQuality(counts), ...gradeOf(answers) }
  }
  const places = placesOf(targets!, target => !Number.isNaN(target))
  const sums = sumErrors(
    places.map(i => prediction.outputs[i]!),
    places.map(i => targets![i]!),
  )
  return { samples: known, ...errorQuality(sums, places.length) }
}

/** Scores restored images against the originals, pixels of 8 bits. */
export function scoreOfImages({ outputs, width }: Prediction, images: ArrayLike<number>): Score {
  const whole = Float32Array.from(images, pixel => pixel / 255)
  return { samples: outputs.length / width, ...imageQuality(outputs, whole, width) }
}

function rowsAt({ outputs, width }: Prediction, places: readonly number[]): Float32Array {
  const rows = new Float32Array(places.length * width)
  for (const [row, place] of places.entries()) {
    rows.set(outputs.subarray(place * width, (place + 1) * width), row * width)
  }
  return rows
}

function placesOf(values: ArrayLike<number>, isKnown: (value: number) => boolean): number[] {
  return Array.from({ length: values.length }, (_, i) => i).filter(i => isKnown(values[i]!))
}
