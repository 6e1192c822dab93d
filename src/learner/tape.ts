import type { Scalar, Variable } from '@tensorflow/tfjs-core'
import type { DeviceModel } from './models/model.js'
import { globalNorm } from './norm.js'
import type { GradientsAt, Weights } from './rules/rule.js'
import { tf } from './tensorflow.js'

/**
 * Gradients by TensorFlow.js' tape, for any model.
 *
 * @param loss - the mean loss on the mini-batch at the variables' present values; the only figure
 */
export function tapeGradients(loss: () => Scalar, variables: readonly Variable[]): GradientsAt {
  return factor => {
    const { value, grads } = tf.engine().gradients(loss, [...variables], tf.scalar(factor), true)
    return { figures: [value], gradients: variables.map((variable, i) => grads[i] ?? tf.zerosLike(variable)) }
  }
}

/** A model's weights as a step moves them. */
export function weightsOf({ layout, variables, trainable, tracked }: DeviceModel): Weights {
  const places = trainable.map(variable => layout.tensors[variables.indexOf(variable)])
  return { variables: trainable, tracked, places, size: layout.size, norm: globalNorm }
}
