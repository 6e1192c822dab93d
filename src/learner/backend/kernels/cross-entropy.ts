import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import type { KernelFunc, NamedTensorInfoMap, Tensor, Tensor1D, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'

/*
 * Cross-entropy of a softmax, and its gradient in the logits, p − y, by one kernel: native TensorFlow has it as one
 * operation, TensorFlow.js puts it together from fifteen. With a small model that is a fifth of a step.
 */

const kernelName = 'SoftmaxCrossEntropyWithLogits'

/** Losses [batch] in nats, and their gradients [batch, classes] in the logits. */
export type CrossEntropy = [losses: Tensor1D, gradients: Tensor2D]

/** What native TensorFlow's package offers beyond the core; it is optional, so there are no types to import. */
interface NativeBackend {
  readonly binding: { readonly TF_ATTR_TYPE: number; readonly TF_FLOAT: number }
  executeMultipleOutputs(operation: string, attributes: object[], inputs: TensorInfo[], count: number): TensorInfo[]
}

interface Arguments<Backend> {
  readonly inputs: NamedTensorInfoMap
  readonly backend: Backend
}

function native({ inputs, backend }: Arguments<NativeBackend>): TensorInfo[] {
  const { TF_ATTR_TYPE, TF_FLOAT } = backend.binding
  const type = { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }
  return backend.executeMultipleOutputs(kernelName, [type], [inputs.logits!, inputs.targets!], 2)
}

/** A few hundred numbers: in float64 on the heap they take less time than the calls of fifteen kernels. */
function wasm({ inputs, backend }: Arguments<BackendWasm>): TensorInfo[] {
  const [batch, classes] = inputs.logits!.shape as [number, number]
  const outputs = [backend.makeOutput([batch], 'float32'), backend.makeOutput([batch, classes], 'float32')]
  const logits = backend.typedArrayFromHeap(inputs.logits!)
  const targets = backend.typedArrayFromHeap(inputs.targets!)
  const [losses, gradients] = outputs.map(output => backend.typedArrayFromHeap(output)) as [Float32Array, Float32Array]
  for (let row = 0; row < batch; row++) {
    const start = row * classes
    let largest = Number.NEGATIVE_INFINITY
    for (let k = start; k < start + classes; k++) largest = Math.max(largest, logits[k]!)
    let sum = 0
    for (let k = start; k < start + classes; k++) sum += Math.exp(logits[k]! - largest)
    const logSum = Math.log(sum)
    let loss = 0
    for (let k = start; k < start + classes; k++) {
      const logProbability = logits[k]! - largest - logSum
      if (targets[k] !== 0) loss -= targets[k]! * logProbability
      gradients[k] = Math.exp(logProbability) - targets[k]!
    }
    losses[row] = loss
  }
  return outputs
}

function composed({ inputs }: Arguments<unknown>): Tensor[] {
  const logits = inputs.logits as Tensor2D
  const targets = inputs.targets as Tensor2D
  return tf.tidy(() => {
    const logProbabilities = tf.logSoftmax(logits)
    const losses = tf.neg(tf.sum(tf.mul(targets, logProbabilities), 1))
    return [losses, tf.sub(tf.exp(logProbabilities), targets)]
  })
}

const kernels: Readonly<Record<string, unknown>> = { tensorflow: native, wasm }
for (const backendName of ['tensorflow', 'wasm', 'webgpu']) {
  tf.registerKernel({ kernelName, backendName, kernelFunc: (kernels[backendName] ?? composed) as KernelFunc })
}
tf.registerGradient({
  kernelName,
  inputsToSave: [],
  outputsToSave: [false, true],
  gradFunc: (dys, saved) => {
    const [ofLosses] = dys as Tensor[]
    return { logits: () => tf.mul(tf.expandDims(ofLosses!, 1), saved[0]!) }
  },
})

/**
 * Cross-entropy of each row's softmax.
 *
 * @param logits - [batch, classes]
 * @param targets - the same shape, each row a distribution; a class index is a row with a single one
 */
export function crossEntropy(logits: Tensor2D, targets: Tensor2D): CrossEntropy {
  return tf.engine().runKernel(kernelName, { logits, targets }) as unknown as CrossEntropy
}
