import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'
import type { DenseProgram } from './dense-program.js'
import { call, type KernelArguments } from './heap.js'

const bytes = Float32Array.BYTES_PER_ELEMENT

/**
 * Matrix product for wasm. The backend's own library repacks the right side before it multiplies, 6 ns a number, and
 * during training every right side is new; what is to be transposed it is not even given: a plain loop computes that.
 */
export function matMulWith(program: DenseProgram): (args: KernelArguments) => TensorInfo {
  return ({ inputs, attrs, backend }) =>
    product(program, backend, {
      a: matricesOf(backend, inputs.a!, attrs.transposeA === true),
      b: matricesOf(backend, inputs.b!, attrs.transposeB === true),
      rectify: false,
    })
}

/**
 * What TensorFlow.js makes of a dense layer where no gradient is wanted: product, bias and activation in one. With an
 * activation other than ReLU it stays the backend's own.
 */
export function fusedMatMulWith(program: DenseProgram, original: KernelFunc): (args: KernelArguments) => TensorInfo {
  return ({ inputs, attrs, backend }) => {
    const { activation } = attrs
    if (activation !== 'linear' && activation !== 'relu') return call(original, backend, inputs, attrs)
    return product(program, backend, {
      a: matricesOf(backend, inputs.a!, attrs.transposeA === true),
      b: matricesOf(backend, inputs.b!, attrs.transposeB === true),
      bias: inputs.bias,
      rectify: activation === 'relu',
    })
  }
}

/** What {@link product} is made of. */
export interface Factors {
  readonly a: Matrices
  readonly b: Matrices
  /** A number for each column: the same for all matrices, or each its own. */
  readonly bias?: TensorInfo | undefined
  /** ReLU, or nothing. */
  readonly rectify: boolean
}

/** a·b, or bias + a·b, or the ReLU of that, matrix by matrix. */
export function product(program: DenseProgram, backend: BackendWasm, { a, b, bias, rectify }: Factors): TensorInfo {
  const leading = tf.broadcast_util.assertAndGetBroadcastShape(a.leading, b.leading)
  const size = a.rows * b.columns
  const output = backend.makeOutput([...leading, a.rows, b.columns], 'float32')
  const into = backend.getMemoryOffset(output.dataId)
  const biases = bias && matricesOf(backend, bias, false)
  const count = tf.util.sizeFromShape(leading)
  for (let i = 0; i < count; i++) {
    const [c, start] = [into + i * size * bytes, biases?.at(i) ?? 0]
    const { scratch } = program
    program.multiply(a.rows, b.columns, a.columns, a.at(i), a.row, a.step, b.at(i), b.row, b.step, c, start, scratch)
  }
  if (rectify) program.rectify(into, count * size)
  return output
}

/** How matrices lie in the heap. */
export interface Matrices {
  /** The axes in front of the matrices' own. */
  readonly leading: number[]
  readonly rows: number
  readonly columns: number
  /** Bytes from row to row. */
  readonly row: number
  /** Bytes from column to column. */
  readonly step: number
  /** The address of one of them; after the last they begin again. */
  at(place: number): number
}

export function matricesOf(backend: BackendWasm, { dataId, dtype, shape }: TensorInfo, transpose: boolean): Matrices {
  if (dtype !== 'float32') throw new TypeError(`matMul of ${dtype}`)
  const leading = shape.slice(0, -2)
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1)!]
  const count = tf.util.sizeFromShape(leading)
  const begin = backend.getMemoryOffset(dataId)
  const at = (place: number): number => begin + (place % count) * rows * columns * bytes
  return transpose
    ? { leading, rows: columns, columns: rows, row: bytes, step: columns * bytes, at }
    : { leading, rows, columns, row: columns * bytes, step: bytes, at }
}
