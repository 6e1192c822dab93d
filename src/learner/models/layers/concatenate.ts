import type { serialization, Tensor } from '@tensorflow/tfjs-core'
import { layers, tf } from '../../tensorflow.js'
import { axisOf } from './axes.js'
import type { LayerArgs, Shape } from './layer.js'

/**
 * Keras' layer of this name. TensorFlow.js' own concatenates along the last axis whenever `axis` is negative (4.22),
 * and reports another output shape than it puts out.
 */
export class Concatenate extends layers.layers.Layer {
  /** The name in model files. */
  static readonly className = 'Concatenate'

  private readonly axis: number

  constructor(args: LayerArgs & { readonly axis?: number } = {}) {
    super(args)
    this.axis = args.axis ?? -1
  }

  override build(inputShape: Shape | Shape[]): void {
    const [first, ...others] = shapesOf(inputShape, this.name)
    const axis = axisOf(this.axis, first!.length, this.name)
    const fits = (shape: Shape): boolean =>
      shape.length === first!.length && shape.every((length, i) => i === axis || length === first![i])
    if (!others.every(fits)) {
      const told = [first!, ...others].map(shape => shape.map(length => length ?? '?').join('×')).join(' and ')
      throw new Error(`layer "${this.name}": ${told} differ in more than axis ${this.axis}`)
    }
    this.built = true
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const tensors = inputs as Tensor[]
    return tf.tidy(() => tf.concat(tensors, axisOf(this.axis, tensors[0]!.rank, this.name)))
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shapes = shapesOf(inputShape, this.name)
    const axis = axisOf(this.axis, shapes[0]!.length, this.name)
    const length = shapes.reduce((sum: number | null, shape) => {
      const more = shape[axis] ?? null
      return sum === null || more === null ? null : sum + more
    }, 0)
    return shapes[0]!.with(axis, length)
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), axis: this.axis }
  }
}

function shapesOf(inputShape: Shape | Shape[], layer: string): Shape[] {
  if (inputShape.length > 0 && inputShape.every(shape => Array.isArray(shape))) return inputShape as Shape[]
  throw new Error(`layer "${layer}": must be called on a list of tensors`)
}
