import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../../tensorflow.js'
import { type KernelArguments, type NativeBackend, oneDnn, usual } from './operation.js'

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
  return tf.tidy(() =>
    product(backend, factorOf(a, attrs.transposeA as boolean), factorOf(b, attrs.transposeB as boolean)),
  )
}

/** One of two matrices that are multiplied, or of two stacks of them. */
interface Factor {
  readonly matrix: TensorInfo
  readonly transposed: boolean
}

/**
 * A row or column is turned by its shape alone, since its numbers lie as they did. oneDNN keeps what it has made for a
 * product and takes it again for one of the same sizes, in which it counts a vector as it lies and as it is turned for the
 * same; but the two add up in different orders where the processor has no AVX-512, so that a product's last bits would
 * depend on which of them a process had computed first (findings/tfjs-node-product-depends-on-history.sh).
 */
function factorOf(matrix: TensorInfo, transposed: boolean): Factor {
  const [rows, columns] = matrix.shape.slice(-2) as [number, number]
  if (!transposed || (rows !== 1 && columns !== 1)) return { matrix, transposed }
  return { matrix: tf.reshape(matrix as Tensor, [...matrix.shape.slice(0, -2), columns, rows]), transposed: false }
}

function product(backend: NativeBackend, a: Factor, b: Factor): Tensor {
  // The stacked one takes single matrices too, but 0.01 to 0.03 ms more for them.
  const isStack = a.matrix.shape.length > 2 || b.matrix.shape.length > 2
  const flags = isStack
    ? { adj_x: a.transposed, adj_y: b.transposed }
    : { transpose_a: a.transposed, transpose_b: b.transposed }
  const operation = isStack ? '_MklBatchMatMulV2' : '_MklMatMul'
  return backend.executeSingleOutput(operation, oneDnn(backend, { flags }), [a.matrix, b.matrix])
}
