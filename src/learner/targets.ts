import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Objective } from '../data/objective.js'
import { crossEntropy } from './backend/kernels/cross-entropy.js'
import type { DataReference } from './messages.js'
import { outputShapeOf } from './output-shape.js'
import { standardiseSample } from './standardise.js'
import { tf } from './tensorflow.js'
import type { Quality } from './types.js'

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
  /** The same with its gradient written out, for who has no tape. */
  readonly withGradients: LossAndGradient
  /** Sums over a batch, of which the first is the loss; {@link measure} makes of them what is shown. */
  tally(outputs: Tensor2D, targets: Tensor2D): Tensor1D
  /**
   * How good the model is: share of right classes, and macro-F1; R², 1 − Σ(y − ŷ)²/Σ(y − ȳ)²; or the images' mean PSNR
   * in dB, of pixels cut off at black and white.
   *
   * @param sums - over all batches
   */
  measure(sums: readonly number[], size: number): Quality
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
  if (objective.kind === 'classification') return { ...classification, shape, width, ...oneHotOf(data.labels) }
  const { targets, size, standardisation } = data
  if (targets?.length !== size * width) throw new RangeError(`${size} samples without ${width} targets each`)
  if (objective.kind === 'regression') {
    if (standardisation.target === undefined) throw new RangeError('A number to predict without its mean and deviation')
    const { mean, std } = standardisation.target
    const write: Targets['write'] = (sample, into, at) => {
      into[at] = (targets[sample]! - mean) / std
    }
    return { ...regression, shape, width, write }
  }
  const images = { ...data, inputs: targets }
  return {
    ...squaredErrors,
    shape,
    width,
    write: (sample, into, at) => standardiseSample(images, sample, into, at, width),
    ...restoration(data.standardisation, shape),
  }
}

/** As a tensor, [rows, width]: zeros, and what `write` puts there for each row. One upload, whoever the rows are of. */
export function targetTensor(
  rows: number,
  { width }: Targets,
  write: (row: number, into: Float32Array, at: number) => void,
): Tensor2D {
  const values = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) write(row, values, row * width)
  return tf.tensor2d(values, [rows, width])
}

/** What a model put out, a row a sample. */
export function rowsOf(outputs: Tensor): Tensor2D {
  return outputs.rank === 2 ? (outputs as Tensor2D) : tf.reshape(outputs, [outputs.shape[0]!, -1])
}

/** Built on the host, four bytes a class: less than a kernel call. */
function oneHotOf(labels: Int32Array): Pick<Targets, 'write'> {
  return {
    write(sample, into, at) {
      into[at + labels[sample]!] = 1
    },
  }
}

type Judgement = Omit<Targets, 'width' | 'shape' | 'write'>

const classification: Judgement = {
  losses: (outputs, targets) => crossEntropy(outputs, targets)[0],
  withGradients: crossEntropy,
  /** Behind the loss, class by class: how often it was right, how often it was said, how often it was so. */
  tally(outputs, targets) {
    // Cast: WebAssembly's kernel (TF.js 4.22) writes the bits of whole numbers, whatever type it is asked for.
    const said = tf.cast(tf.oneHot(tf.argMax(outputs, 1) as Tensor1D, outputs.shape[1]), 'float32')
    const loss = tf.reshape(tf.sum(crossEntropy(outputs, targets)[0]), [1])
    return tf.concat([loss, tf.sum(tf.mul(said, targets), 0), tf.sum(said, 0), tf.sum(targets, 0)]) as Tensor1D
  },
  measure([, ...counts], size) {
    const classes = counts.length / 3
    const right = counts.slice(0, classes)
    const scores = right.flatMap((hits, k) => {
      const named = counts[classes + k]! + counts[2 * classes + k]!
      return named === 0 ? [] : [(2 * hits) / named]
    })
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
    return { accuracy: sum(right) / size, macroF1: sum(scores) / scores.length }
  },
}

/** Mean over a sample's outputs. */
const squaredErrors: Pick<Judgement, 'losses' | 'withGradients'> = {
  losses: (outputs, targets) => tf.mean(tf.square(tf.sub(outputs, targets)), 1),
  withGradients(outputs, targets) {
    const errors = tf.sub(outputs, targets)
    return [tf.mean(tf.square(errors), 1), tf.mul(errors, 2 / outputs.shape[1])]
  },
}

const regression: Judgement = {
  ...squaredErrors,
  tally: (outputs, targets) =>
    tf.stack([tf.sum(tf.square(tf.sub(outputs, targets))), tf.sum(targets), tf.sum(tf.square(targets))]) as Tensor1D,
  // What does not vary is predicted by nothing: R² is then 0, not a division by zero.
  measure([errors, sum, squares], size) {
    const spread = squares! - sum! ** 2 / size
    return { accuracy: spread > 0 ? 1 - errors! / spread : 0 }
  },
}

/** Better than this a picture of 8 bits cannot be restored: 100 dB instead of infinitely many. */
const smallestError = 1e-10

function restoration(
  { mean, std }: DataReference['standardisation'],
  [height, width, channels]: readonly number[],
): Pick<Judgement, 'tally' | 'measure'> {
  const pixels = (standardised: Tensor2D): Tensor => {
    const image = tf.reshape(standardised, [-1, height! * width!, channels!])
    return tf.clipByValue(tf.add(tf.mul(image, tf.tensor1d(std)), tf.tensor1d(mean)), 0, 1)
  }
  return {
    tally(outputs, targets) {
      const errors = tf.mean(tf.square(tf.sub(pixels(outputs), pixels(targets))), [1, 2])
      const decibels = tf.mul(tf.log(tf.maximum(errors, smallestError)), -10 / Math.LN10)
      return tf.stack([tf.sum(squaredErrors.losses(outputs, targets)), tf.sum(decibels)]) as Tensor1D
    },
    measure: ([, decibels], size) => ({ accuracy: decibels! / size }),
  }
}
