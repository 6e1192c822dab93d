import type { serialization, Tensor } from '@tensorflow/tfjs-core'
import { layers, tf } from '../../tensorflow.js'
import { type LayerArgs, onlyTensor, type Shape } from './layer.js'

/**
 * Keras' layer of this name. TensorFlow.js' own does not work a -1 out before it is called (4.22), as it takes the
 * unknown size of the batch for a hindrance; no layer that needs the length can then follow.
 */
export class Reshape extends layers.layers.Layer {
  /** The name in model files. */
  static readonly className = 'Reshape'

  private readonly targetShape: readonly number[]

  constructor(args: LayerArgs & { readonly targetShape: readonly (number | null)[] }) {
    super(args)
    this.targetShape = args.targetShape.map(length => length ?? -1)
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const x = onlyTensor(inputs)
    return tf.tidy(() => tf.reshape(x, [x.shape[0]!, ...(this.outputOf(x.shape.slice(1)) as number[])]))
  }

  override computeOutputShape([batch, ...shape]: Shape): Shape {
    return [batch!, ...this.outputOf(shape)]
  }

  /** The target, its -1 worked out, if what comes in is known. */
  private outputOf(shape: Shape): Shape {
    if (shape.includes(null)) return this.targetShape.map(length => (length < 0 ? null : length))
    const numbers = (shape as number[]).reduce((product, length) => product * length, 1)
    const known = this.targetShape.reduce((product, length) => (length < 0 ? product : product * length), 1)
    const open = this.targetShape.filter(length => length < 0).length
    if (open > 1 || (open === 1 ? numbers % known !== 0 : numbers !== known)) {
      throw new Error(
        `layer "${this.name}": ${shape.join('×')} numbers do not make ${this.targetShape.map(length => (length < 0 ? '?' : length)).join('×')}`,
      )
    }
    return this.targetShape.map(length => (length < 0 ? numbers / known : length))
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), targetShape: [...this.targetShape] }
  }
}
