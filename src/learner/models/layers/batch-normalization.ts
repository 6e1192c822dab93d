import type { serialization, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { layers, tf } from '../../tensorflow.js'
import { axisOf, withAxesLast } from './axes.js'
import { configOf, type Initialiser, initialiserFrom, onlyTensor, type Shape, type Weight } from './layer.js'
import { Normalization, type NormalizationArgs } from './normalization.js'

/** What Keras writes about one, in TensorFlow.js' spelling. */
type BatchNormalizationArgs = NormalizationArgs & {
  readonly axis?: number
  readonly momentum?: number
  readonly movingMeanInitializer?: unknown
  readonly movingVarianceInitializer?: unknown
}

/**
 * Keras' layer of this name. TensorFlow.js' own takes the mean of one channel for another's when the axis is not the
 * last (4.22; relative errors above 1), ends in training without `center` or `scale`, and trains on when it is frozen:
 * in Keras a layer with `trainable: false` keeps to its moving statistics.
 */
export class BatchNormalization extends Normalization {
  /** The name in model files. */
  static readonly className = 'BatchNormalization'

  readonly movingMeanInitializer: Initialiser
  readonly movingVarianceInitializer: Initialiser
  /** Share of the newest batch in the moving statistics. @default 1 less the momentum */
  newest: number | undefined
  private readonly axis: number
  private readonly momentum: number
  private movingMean!: Weight
  private movingVariance!: Weight

  constructor(args: BatchNormalizationArgs = {}) {
    super(args)
    this.axis = args.axis ?? -1
    this.momentum = args.momentum ?? 0.99
    this.movingMeanInitializer = initialiserFrom(args.movingMeanInitializer) ?? layers.initializers.zeros()
    this.movingVarianceInitializer = initialiserFrom(args.movingVarianceInitializer) ?? layers.initializers.ones()
  }

  override build(inputShape: Shape): void {
    const axis = axisOf(this.axis, inputShape.length, this.name)
    const channels = inputShape[axis]
    if (typeof channels !== 'number') throw new Error(`layer "${this.name}": its input's axis ${axis} has no length`)
    this.addScaleAndCenter([channels])
    const statistic = (name: string, start: Initialiser): Weight =>
      this.addWeight(name, [channels], 'float32', start, undefined, false)
    this.movingMean = statistic('moving_mean', this.movingMeanInitializer)
    this.movingVariance = statistic('moving_variance', this.movingVarianceInitializer)
    this.built = true
  }

  override call(inputs: Tensor | Tensor[], { training }: { readonly training?: boolean } = {}): Tensor {
    return tf.tidy(() => {
      const input = onlyTensor(inputs)
      return withAxesLast(input, [axisOf(this.axis, input.rank, this.name)], x => {
        const places = tf.reshape(x, [-1, x.shape.at(-1)!]) as Tensor2D
        const { mean, variance } = training === true && this.trainable ? this.observe(places) : this.kept()
        // Without them the operation has no gradient.
        const beta = (this.beta?.read() ?? tf.zerosLike(mean)) as Tensor1D
        const gamma = (this.gamma?.read() ?? tf.onesLike(mean)) as Tensor1D
        return tf.reshape(tf.batchNorm2d(places, mean, variance, beta, gamma, this.epsilon), x.shape)
      })
    })
  }

  private kept(): { readonly mean: Tensor1D; readonly variance: Tensor1D } {
    return { mean: this.movingMean.read() as Tensor1D, variance: this.movingVariance.read() as Tensor1D }
  }

  /** The batch's own statistics, which also move the kept ones. */
  private observe(places: Tensor2D): { readonly mean: Tensor1D; readonly variance: Tensor1D } {
    const { mean, variance } = tf.moments(places, 0) as { mean: Tensor1D; variance: Tensor1D }
    for (const [moving, now] of [
      [this.movingMean, mean],
      [this.movingVariance, variance],
    ] as const) {
      const kept = moving.read()
      const share = this.newest ?? 1 - this.momentum
      tf.tidy(() => void moving.write(tf.add(kept, tf.mul(tf.sub(now, kept), share))))
    }
    return { mean, variance }
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      axis: this.axis,
      momentum: this.momentum,
      movingMeanInitializer: configOf(this.movingMeanInitializer),
      movingVarianceInitializer: configOf(this.movingVarianceInitializer),
    }
  }
}
