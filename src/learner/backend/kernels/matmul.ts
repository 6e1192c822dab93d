import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core'
import { call, free, type KernelArguments, run } from './heap.js'

/**
 * Matrix product for wasm. tfjs-backend-wasm hands a product to its fast library only when neither side is to be
 * transposed, and computes the others with a plain loop: for a dense layer both products of the backward pass.
 * Transposing first is cheap. 32×784 by 784×200, one thread: gradient of the weights 5.6 → 0.8 ms, of the input
 * 5.6 → 1.3 ms.
 */
export function matMulWith(original: KernelFunc): (args: KernelArguments) => TensorInfo {
  return ({ inputs, attrs, backend }) => {
    const a = attrs.transposeA ? run(backend, 'Transpose', { x: inputs.a }, { perm: swapLast(inputs.a!) }) : inputs.a!
    const b = attrs.transposeB ? run(backend, 'Transpose', { x: inputs.b }, { perm: swapLast(inputs.b!) }) : inputs.b!
    const product = call(original, backend, { a, b }, { transposeA: false, transposeB: false })
    if (attrs.transposeA) free(backend, a)
    if (attrs.transposeB) free(backend, b)
    return product
  }
}

function swapLast({ shape }: TensorInfo): number[] {
  const last = shape.length - 1
  return shape.map((_, axis) => (axis < last - 1 ? axis : axis === last ? last - 1 : last))
}
