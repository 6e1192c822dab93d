import type { serialization, Tensor } from '@tensorflow/tfjs-core'
import { layers, tf } from '../../tensorflow.js'
import { axisOf, withAxesLast } from './axes.js'
import { type LayerArgs, onlyTensor, type Shape } from './layer.js'

/**
 * Keras' layer of this name. TensorFlow.js' own takes the last axis alone and throws at any other once it is called;
 * where none is said it takes the first (4.22).
 */
export class Softmax extends layers.layers.Layer {
  /** The name in model files. */
  static readonly className = 'Softmax'

  private readonly axes: readonly number[]

  constructor(args: LayerArgs & { readonly axis?: number | readonly number[] } = {}) {
    super(args)
    this.axes = [args.axis ?? -1].flat()
  }

  override build(inputShape: Shape): void {
    this.axesOf(inputShape.length)
    this.built = true
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tf.tidy(() => {
      const input = onlyTensor(inputs)
      const axes = this.axesOf(input.rank)
      return withAxesLast(input, axes, x => {
        const numbers = axes.reduce((product, axis) => product * input.shape[axis]!, 1)
        return tf.reshape(tf.softmax(tf.reshape(x, [-1, numbers])), x.shape)
      })
    })
  }

  private axesOf(rank: number): number[] {
    const axes = this.axes.map(axis => axisOf(axis, rank, this.name))
    if (axes.length > 0 && new Set(axes).size === axes.length) return axes
    throw new Error(`layer "${this.name}": axis must name each axis once, not ${this.axes.join(', ')}`)
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), axis: this.axes.length === 1 ? this.axes[0]! : [...this.axes] }
  }
}
