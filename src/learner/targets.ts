import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { type Confusion, confusionOf } from '../data/confusion.js'
import { type Grade, gradedClasses, gradeOf } from '../data/grade.js'
import { classQuality, errorQuality, type Quality, smallestSquaredError } from '../data/measures.js'
import type { Objective } from '../data/objective.js'
import { largestOfRows, softmaxRows } from '../data/probabilities.js'
import { crossEntropy } from './backend/kernels/cross-entropy.js'
import type { DataReference } from './messages.js'
import { outputShapeOf } from './output-shape.js'
import { standardiserOf } from './standardise.js'
import { tf } from './tensorflow.js'

/** Of each row of outputs its loss, [rows], and the loss's gradient in the outputs, [rows, outputs]. */
export type LossAndGradient = (outputs: Tensor2D, targets: Tensor2D) => readonly [losses: Tensor, gradients: Tensor]

/** What a model's outputs are held against: one data set's targets, and how far an output is from them. */
export interface Targets {
  /** Numbers of one sample's target. */
  readonly width: number
  /** The shape that the model's output has, without the batch. */
  readonly shape: readonly number[]
  /** Writes a sample's target to `into[at]` and behind. */
  write(sample: number, into: Float32Array, at: number): void
  /** The loss of each row, [rows], for TensorFlow.js' tape. */
  losses(outputs: Tensor2D, targets: Tensor2D): Tensor
  /** The same with its gradient written out, where there is no tape. */
  readonly withGradients: LossAndGradient
  /**
   * Sums over a batch, of which the first is the loss; {@link measure} makes of them what is shown.
   *
   * @param outputs - of several models, [models, rows, outputs]
   * @returns [models, sums]
   */
  tally(outputs: Tensor3D, targets: Tensor2D): Tensor2D
  /**
   * How good the model is: see {@link Quality}. Of images, their pixels are cut off at black and white.
   *
   * @param sums - over all batches
   */
  measure(sums: readonly number[], size: number): Quality
  /** Of classes, what a model's outputs for all samples show, a row each. */
  readonly grade?: (outputs: Float32Array) => Grade
  /** Of classes, unless they are very many, what is shown of a test that is not graded. @param said - of all samples, in order */
  readonly confusion?: (said: ArrayLike<number>) => Confusion
}

/** @throws RangeError when the samples have not the targets that the objective needs */
export function targetsOf(
  objective: Objective,
  data: DataReference,
  inputShape: readonly number[],
  classes: number,
): Targets {
  const shape = outputShapeOf(objective, inputShape, classes)
  const width = shape.reduce((product, length) => product * length, 1)
  if (objective.kind === 'classification') return { ...classification, shape, width, ...classesOf(data.labels, width) }
  const { targets, size, standardisation } = data
  if (targets?.length !== size * width) throw new RangeError(`${size} samples without ${width} targets each`)
  if (objective.kind === 'regression') {
    if (standardisation.target === undefined) throw new RangeError('A number to predict without its mean and deviation')
    const { mean, std } = standardisation.target
    const write: Targets['write'] = (sample, into, at) => {
      into[at] = (targets[sample]! - mean) / std
    }
    return { ...regression(std), shape, width, write }
  }
  const standardise = standardiserOf({ ...data, inputs: targets })
  return {
    ...squaredErrors,
    shape,
    width,
    write: (sample, into, at) => standardise(sample * width, into, at, width),
    ...restoration(data.standardisation, shape),
  }
}

/** As a tensor, [rows, width]: zeros, and what `write` puts there for each row. One upload for the rows of all peers. */
export function targetTensor(
  rows: number,
  { width }: Targets,
  write: (row: number, into: Float32Array, at: number) => void,
): Tensor2D {
  const values = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) write(row, values, row * width)
  return tf.tensor2d(values, [rows, width])
}

/**
 * What a test needs of each sample: of a graded one all outputs, of another one only which class was said, as the sorting
 * of all outputs takes longer than the test.
 */
export interface Answers {
  readonly width: number
  of(outputs: Tensor2D): Tensor
  grade(answers: Float32Array): Grade
}

/** @returns undefined where the sums are all that is shown */
export function answersOf({ width, grade, confusion }: Targets, graded: boolean): Answers | undefined {
  if (graded) return grade && { width, of: outputs => outputs, grade }
  if (confusion === undefined) return undefined
  return { width: 1, of: outputs => tf.argMax(outputs, 1), grade: said => ({ confusion: confusion(said) }) }
}

/** What a model put out, a row a sample. */
export function rowsOf(outputs: Tensor): Tensor2D {
  return outputs.rank === 2 ? (outputs as Tensor2D) : tf.reshape(outputs, [outputs.shape[0]!, -1])
}

function classesOf(labels: Int32Array, classes: number): Pick<Targets, 'write' | 'grade' | 'confusion'> {
  return {
    // Built on the host, four bytes a class: less than a kernel call.
    write(sample, into, at) {
      into[at + labels[sample]!] = 1
    },
    grade: logits =>
      gradeOf({
        probabilities: softmaxRows(logits, classes),
        said: largestOfRows(logits, classes),
        labels: labels.subarray(0, logits.length / classes),
        classes,
      }),
    ...(classes <= gradedClasses && { confusion: said => confusionOf(said, labels.subarray(0, said.length), classes) }),
  }
}

type Judgement = Omit<Targets, 'width' | 'shape' | 'write' | 'grade' | 'confusion'>

const classification: Judgement = {
  losses: (outputs, targets) => crossEntropy(outputs, targets)[0],
  withGradients: crossEntropy,
  /** Behind the loss, class by class: true positives, predictions, samples. */
  tally(outputs, targets) {
    const [models, rows, classes] = outputs.shape
    // Cast: WebAssembly's kernel (TF.js 4.22) writes the bits of whole numbers, whatever type is requested.
    const said = tf.cast(tf.oneHot(tf.argMax(outputs, 2) as Tensor2D, classes), 'float32')
    const wanted = repeated(targets, models)
    const flat = [outputs, wanted].map(values => tf.reshape(values, [models * rows, classes]) as Tensor2D)
    const loss = tf.sum(tf.reshape(crossEntropy(flat[0]!, flat[1]!)[0], [models, rows]), 1, true)
    const counts = [tf.mul(said, wanted), said, wanted].map(values => tf.sum(values, 1))
    return tf.concat([loss, ...counts], 1) as Tensor2D
  },
  measure([, ...counts]) {
    const classes = counts.length / 3
    const [right, said, samples] = [0, 1, 2].map(part => counts.slice(part * classes, (part + 1) * classes))
    return classQuality({ right: right!, said: said!, samples: samples! })
  },
}

/** Once for each model. As a product: to repeat 256 rows of ten, wasm's Tile takes 200 µs for 20. */
function repeated(targets: Tensor2D, models: number): Tensor {
  return models === 1 ? tf.expandDims(targets) : tf.mul(targets, tf.ones([models, 1, 1]))
}

/** Of each row, or of each row of several models. */
function squared(outputs: Tensor, targets: Tensor2D): Tensor {
  return tf.mean(tf.square(tf.sub(outputs, targets)), -1)
}

/** Mean over a sample's outputs. */
const squaredErrors: Pick<Judgement, 'losses' | 'withGradients'> = {
  losses: squared,
  withGradients(outputs, targets) {
    const errors = tf.sub(outputs, targets)
    return [tf.mean(tf.square(errors), 1), tf.mul(errors, 2 / outputs.shape[1])]
  },
}

/** @param std - how many of the target's units one of the outputs' is */
function regression(std: number): Judgement {
  return {
    ...squaredErrors,
    tally(outputs, targets) {
      const errors = tf.sub(outputs, targets)
      const all = repeated(targets, outputs.shape[0])
      const sums = [tf.square(errors), all, tf.square(all), tf.abs(errors)].map(values => tf.sum(values, [1, 2]))
      return tf.stack(sums, 1) as Tensor2D
    },
    measure: ([squared, sum, squares, absolute], size) =>
      errorQuality({ squared: squared!, absolute: absolute!, sum: sum!, squares: squares! }, size, std),
  }
}

function restoration(
  { mean, std }: DataReference['standardisation'],
  [height, width, channels]: readonly number[],
): Pick<Judgement, 'tally' | 'measure'> {
  const pixels = (standardised: Tensor): Tensor => {
    const image = tf.reshape(standardised, [...standardised.shape.slice(0, -1), height! * width!, channels!])
    return tf.clipByValue(tf.add(tf.mul(image, tf.tensor1d(std)), tf.tensor1d(mean)), 0, 1)
  }
  return {
    tally(outputs, targets) {
      const errors = tf.mean(tf.square(tf.sub(pixels(outputs), pixels(targets))), [2, 3])
      const decibels = tf.mul(tf.log(tf.maximum(errors, smallestSquaredError)), -10 / Math.LN10)
      return tf.stack([tf.sum(squared(outputs, targets), 1), tf.sum(decibels, 1)], 1) as Tensor2D
    },
    measure: ([, decibels], size) => ({ accuracy: decibels! / size }),
  }
}
