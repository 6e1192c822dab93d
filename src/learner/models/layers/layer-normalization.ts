import type { serialization, Tensor } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'
import { axisOf, withAxesLast } from './axes.js'
import { onlyTensor, type Shape } from './layer.js'
import { Normalization, type NormalizationArgs } from './normalization.js'

/** What Keras writes about one, in TensorFlow.js' spelling. */
type LayerNormalizationArgs = NormalizationArgs & {
  readonly axis?: number | readonly number[]
}

/** Keras' layer of this name. TensorFlow.js' own (4.22) has no gradient without `center` or `scale`. */
export class LayerNormalization extends Normalization {
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
    return tf.tidy(() => {
      const input = onlyTensor(inputs)
      // In ascending order, whatever the order they are named in: so Keras takes its weights.
      const axes = this.axes.map(axis => axisOf(axis, input.rank, this.name)).sort((a, b) => a - b)
      return withAxesLast(input, axes, x => {
        const rows = tf.reshape(x, [-1, axes.reduce((product, axis) => product * input.shape[axis]!, 1)])
        const { mean, variance } = tf.moments(rows, 1, true)
        let normed: Tensor = tf.mul(tf.sub(rows, mean), tf.rsqrt(tf.add(variance, this.epsilon)))
        if (this.gamma !== undefined) normed = tf.mul(normed, tf.reshape(this.gamma.read(), [1, -1]))
        if (this.beta !== undefined) normed = tf.add(normed, tf.reshape(this.beta.read(), [1, -1]))
        return tf.reshape(normed, x.shape)
      })
    })
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      axis: this.axes.length === 1 ? this.axes[0]! : [...this.axes],
    }
  }
}
