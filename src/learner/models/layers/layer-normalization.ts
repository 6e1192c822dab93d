import type { Tensor } from '@tensorflow/tfjs-core'
import { layers, tf } from '../../tensorflow.js'
import { axisOf, withAxesLast } from './axes.js'
import {
  configOf,
  type Initialiser,
  initialiserFrom,
  type LayerArgs,
  onlyTensor,
  type Shape,
  type Weight,
} from './layer.js'

/** What Keras writes about one, in TensorFlow.js' spelling. */
type LayerNormalizationArgs = LayerArgs & {
  readonly axis?: number | readonly number[]
  readonly epsilon?: number
  readonly center?: boolean
  readonly scale?: boolean
  readonly betaInitializer?: unknown
  readonly gammaInitializer?: unknown
}

/** Keras' layer of this name. TensorFlow.js' own (4.22) has no gradient without `center` or `scale`. */
export class LayerNormalization extends layers.layers.Layer {
  /** The name in model files. */
  static readonly className = 'LayerNormalization'

  readonly gammaInitializer: Initialiser
  readonly betaInitializer: Initialiser
  private readonly axes: readonly number[]
  private readonly epsilon: number
  private readonly center: boolean
  private readonly scale: boolean
  private gamma: Weight | undefined
  private beta: Weight | undefined

  constructor(args: LayerNormalizationArgs = {}) {
    super(args)
    this.axes = [args.axis ?? -1].flat()
    this.epsilon = args.epsilon ?? 1e-3
    this.center = args.center ?? true
    this.scale = args.scale ?? true
    this.gammaInitializer = initialiserFrom(args.gammaInitializer) ?? layers.initializers.ones()
    this.betaInitializer = initialiserFrom(args.betaInitializer) ?? layers.initializers.zeros()
  }

  override build(inputShape: Shape): void {
    const axes = this.axes.map(axis => axisOf(axis, inputShape.length, this.name))
    const shape = axes.map(axis => inputShape[axis]!)
    if (new Set(axes).size < axes.length || shape.some(length => typeof length !== 'number')) {
      throw new Error(`layer "${this.name}": axis must name axes of a fixed length, each once`)
    }
    if (this.scale) this.gamma = this.addWeight('gamma', shape, 'float32', this.gammaInitializer)
    if (this.center) this.beta = this.addWeight('beta', shape, 'float32', this.betaInitializer)
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

  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      axis: this.axes.length === 1 ? this.axes[0]! : [...this.axes],
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      betaInitializer: configOf(this.betaInitializer),
      gammaInitializer: configOf(this.gammaInitializer),
    }
  }
}
