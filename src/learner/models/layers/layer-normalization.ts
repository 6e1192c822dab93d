import type { serialization, Tensor } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'
import { axisOf, withAxesLast } from './axes.js'
import { onlyTensor, type Shape } from './layer.js'
import { Normalization, type NormalizationArgs, type SampleNormalization } from './normalization.js'

/** What Keras writes about one, in TensorFlow.js' spelling. */
type LayerNormalizationArgs = NormalizationArgs & {
  readonly axis?: number | readonly number[]
}

/** Keras' layer of this name. TensorFlow.js' own (4.22) has no gradient without `center` or `scale`. */
export class LayerNormalization extends Normalization implements SampleNormalization {
  /** The name in model files. */
  static readonly className = 'LayerNormalization'

  private readonly axes: readonly number[]

  constructor(args: LayerNormalizationArgs = {}) {
    super(args)
    this.axes = [args.axis ?? -1].flat()
  }

  override build(inputShape: Shape): void {
    const axes = this.axes.map(axis => axisOf(axis, inputShape.length, this.name))
    const shape = axes.map(axis => inputShape[axis]!)
    if (new Set(axes).size < axes.length || shape.some(length => typeof length !== 'number')) {
      throw new Error(`layer "${this.name}": axis must name axes of a fixed length, each once`)
    }
    this.addScaleAndCenter(shape)
    this.built = true
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tf.tidy(() => this.scaled(onlyTensor(inputs), this.gamma?.read(), this.beta?.read()))
  }

  normalised(input: Tensor): Tensor {
    return tf.tidy(() => this.scaled(input))
  }

  // Ascending, whatever the order they are named in: so Keras takes its weights.
  axesOf(rank: number): number[] {
    return this.axes.map(axis => axisOf(axis, rank, this.name)).sort((a, b) => a - b)
  }

  private scaled(input: Tensor, gamma?: Tensor, beta?: Tensor): Tensor {
    const axes = this.axesOf(input.rank)
    return withAxesLast(input, axes, x => {
      const rows = tf.reshape(x, [-1, axes.reduce((product, axis) => product * input.shape[axis]!, 1)])
      const { mean, variance } = tf.moments(rows, 1, true)
      let normed: Tensor = tf.mul(tf.sub(rows, mean), tf.rsqrt(tf.add(variance, this.epsilon)))
      if (gamma !== undefined) normed = tf.mul(normed, tf.reshape(gamma, [1, -1]))
      if (beta !== undefined) normed = tf.add(normed, tf.reshape(beta, [1, -1]))
      return tf.reshape(normed, x.shape)
    })
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      axis: this.axes.length === 1 ? this.axes[0]! : [...this.axes],
    }
  }
}
