import type { TensorInfo } from '@tensorflow/tfjs-core'
import { type KernelArguments, oneDnn, usual } from './operation.js'

/**
 * Matrix product by oneDNN. TensorFlow's own packs the matrix that is transposed at great cost: the gradient of the
 * input of a dense layer 3136×512, batch 32, 10.7 → 1.8 ms (CPU time, one thread; 5.1 → 1.6 with two); the other two
 * products of that layer take 2.0 and 1.8 ms either way. 16 stacked products 32×784×200, the three of them: 3.3, 6.1,
 * 3.2 → 2.2, 3.2, 2.3 ms. Nothing measured became slower.
 */
export function matMul({ inputs, attrs, backend }: KernelArguments): TensorInfo | undefined {
  const a = inputs.a!
  const b = inputs.b!
  if (!usual(a, b)) return undefined
  const transposeA = attrs.transposeA as boolean
  const transposeB = attrs.transposeB as boolean
  // The stacked one takes single matrices too, but 0.01 to 0.03 ms more for them.
  return a.shape.length === 2 && b.shape.length === 2
    ? backend.executeSingleOutput(
        '_MklMatMul',
        oneDnn(backend, { flags: { transpose_a: transposeA, transpose_b: transposeB } }),
        [a, b],
      )
    : backend.executeSingleOutput(
        '_MklBatchMatMulV2',
        oneDnn(backend, { flags: { adj_x: transposeA, adj_y: transposeB } }),
        [a, b],
      )
}
