import type { GradConfig, KernelFunc, NamedTensorInfoMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../tensorflow.js'
import { replaceGradient } from './gradients.js'

/*
 * The gradient of ReLU. TensorFlow.js multiplies with step(x), which its native package puts together out of nine
 * operations: 11 ms on 32×32×32×64 numbers, one thread, ten times what the ReLU itself takes. Native TensorFlow has the
 * gradient as one operation (1.5 ms). On wasm the step is cheap, and what comes to mind instead, a comparison, is not.
 */

/** What native TensorFlow's package offers beyond the core; it is optional, so there are no types to import. */
interface NativeBackend {
  readonly binding: { readonly TF_ATTR_TYPE: number; readonly TF_FLOAT: number }
  executeSingleOutput(operation: string, attributes: readonly object[], inputs: readonly TensorInfo[]): TensorInfo
}

const kernelName = 'ReluGrad'

const nativeReluGrad = ({ inputs, backend }: { inputs: NamedTensorInfoMap; backend: unknown }): TensorInfo => {
  const native = backend as NativeBackend
  const type = { name: 'T', type: native.binding.TF_ATTR_TYPE, value: native.binding.TF_FLOAT }
  return native.executeSingleOutput(kernelName, [type], [inputs.dy!, inputs.x!])
}

/**
 * `dy` where ReLU let its input through, else 0.
 *
 * @param x - what went into the ReLU, or what came out of it: the sign decides
 */
export function rectifierGradient(dy: Tensor, x: Tensor): Tensor {
  const native = tf.getKernel(kernelName, tf.getBackend()) !== undefined
  if (native && dy.dtype === 'float32' && x.dtype === 'float32') return tf.engine().runKernel(kernelName, { dy, x })
  return tf.tidy(() => tf.mul(dy, tf.step(x)))
}

// The output shows as much as the input, and the next layer keeps it anyway.
const relu: GradConfig = {
  kernelName: 'Relu',
  inputsToSave: [],
  outputsToSave: [true],
  gradFunc: (dy, saved) => ({ x: () => rectifierGradient(dy as Tensor, saved[0]!) }),
}

let hasKernel = false

/** Puts the gradient in place of TensorFlow.js' own, for all layers. Called for each model, as {@link installGradients}. */
export function installRectifier(): void {
  replaceGradient(relu)
  if (hasKernel) return
  hasKernel = true
  // TensorFlow.js calls the native backend "tensorflow". Registered whether or not that one is ever loaded.
  tf.registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc: nativeReluGrad as unknown as KernelFunc })
}
