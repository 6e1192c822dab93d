import {
  type Answers,
  classQuality,
  countClasses,
  errorQuality,
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
  /** For a classification: each class's samples, and how many of them were predicted correctly. */
  readonly byClass?: readonly { readonly name: string; readonly right: number; readonly samples: number }[]
}

/** Scores predictions against the answers that are known. Without any, samples are 0. */
export function scoreOf(
  prediction: Prediction,
  { classes }: Pick<PeerDescription, 'classes'>,
  { labels, targets, known }: Answers,
): Score {
  if (labels !== undefined) {
    const places = placesOf(labels, label => label >= 0)
    const said = mostProbable(prediction)
    const counts = countClasses(
      places.map(i => said[i]!),
      places.map(i => labels[i]!),
      classes.length,
    )
    const byClass = classes.map((name, k) => ({ name, right: counts.right[k]!, samples: counts.samples[k]! }))
    return { samples: known, byClass, ...classQuality(counts) }
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

function placesOf(values: ArrayLike<number>, isKnown: (value: number) => boolean): number[] {
  return Array.from({ length: values.length }, (_, i) => i).filter(i => isKnown(values[i]!))
}
