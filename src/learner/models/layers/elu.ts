import type { serialization, Tensor } from '@tensorflow/tfjs-core'
import { layers, tf } from '../../tensorflow.js'
import { type LayerArgs, onlyTensor, type Shape } from './layer.js'

/** Keras' layer of this name. TensorFlow.js' own has no alpha but 1 (4.22). */
export class ELU extends layers.layers.Layer {
  /** The name in model files. */
  static readonly className = 'ELU'

  private readonly alpha: number

  constructor(args: LayerArgs & { readonly alpha?: number } = {}) {
    super(args)
    this.alpha = args.alpha ?? 1
  }

  /** With alpha 1 the output has the input's sign: what is left to do is what a leaky ReLU does. */
  override call(inputs: Tensor | Tensor[]): Tensor {
    const x = onlyTensor(inputs)
    return tf.tidy(() => (this.alpha === 1 ? tf.elu(x) : tf.leakyRelu(tf.elu(x), this.alpha)))
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), alpha: this.alpha }
  }
}
