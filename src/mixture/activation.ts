import type { Tensor } from '@tensorflow/tfjs-core'
import { tf } from '../learner/device.js'
import type { HeadActivation } from '../learner/index.js'

/** As TensorFlow.js' layers compute them, which keep theirs to themselves. */
const activations: Readonly<Record<HeadActivation, (x: Tensor) => Tensor>> = {
  linear: x => x,
  relu: x => tf.relu(x),
  relu6: x => tf.relu6(x),
  elu: x => tf.elu(x),
  selu: x => tf.selu(x),
  sigmoid: x => tf.sigmoid(x),
  softplus: x => tf.softplus(x),
  softsign: x => tf.div(x, tf.add(tf.abs(x), 1)),
  tanh: x => tf.tanh(x),
  swish: x => tf.mul(x, tf.sigmoid(x)),
  softmax: x => tf.softmax(x),
}

/** Applies an activation to every number, softmax to every row. */
export function activate(x: Tensor, activation: HeadActivation): Tensor {
  return activations[activation](x)
}
