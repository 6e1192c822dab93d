import type { Tensor } from '@tensorflow/tfjs-core'
import { layers, tf } from '../../tensorflow.js'
import { onlyTensor, type Shape } from './layer.js'

/** Keras' layer of this name. TensorFlow.js' own (4.22) refuses what is flat already. */
export class Flatten extends layers.layers.Layer {
  /** The name in model files. */
  static readonly className = 'Flatten'

  override call(inputs: Tensor | Tensor[]): Tensor {
    const x = onlyTensor(inputs)
    return tf.tidy(() => tf.reshape(x, [x.shape[0]!, x.size / x.shape[0]!]))
  }

  override computeOutputShape([batch, ...shape]: Shape): Shape {
    if (shape.includes(null)) {
      throw new Error(
        `layer "${this.name}": its input has no fixed shape (${shape.map(length => length ?? '?').join('×')}); give the model's input the shape of the data`,
      )
    }
    return [batch!, (shape as number[]).reduce((product, length) => product * length, 1)]
  }
}
