import type { TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../../tensorflow.js'
import type { Attribute, KernelArguments } from './operation.js'

/**
 * Gather. The native package reads the indices back to check them, although the library on the CPU checks them too, and
 * what is read in a step cannot be recorded (graph/recording.ts).
 */
export function gather({ inputs, attrs, backend }: KernelArguments): TensorInfo | undefined {
  const x = inputs.x!
  const indices = inputs.indices!
  if ([x, indices].some(({ dtype }) => dtype !== 'float32' && dtype !== 'int32')) return undefined
  const { binding } = backend
  const type = (name: string, { dtype }: TensorInfo): Attribute => ({
    name,
    type: binding.TF_ATTR_TYPE,
    value: dtype === 'float32' ? binding.TF_FLOAT : binding.TF_INT32,
  })
  const axis = tf.scalar(attrs.axis as number, 'int32')
  try {
    const settings = [
      { name: 'batch_dims', type: binding.TF_ATTR_INT, value: attrs.batchDims },
      type('Tparams', x),
      type('Tindices', indices),
      type('Taxis', axis),
    ]
    return backend.executeSingleOutput('GatherV2', settings, [x, indices, axis])
  } finally {
    axis.dispose()
  }
}
