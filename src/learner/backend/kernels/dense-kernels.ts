import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { DenseProgram } from './dense-program.js'
import type { KernelArguments } from './heap.js'
import { matricesOf, product } from './matmul.js'

/** The kernel behind `denseLayer` (dense-layer.ts), for wasm. */
export function denseLayerWith(program: DenseProgram): (args: KernelArguments) => TensorInfo {
  return ({ inputs, attrs, backend }) =>
    product(program, backend, {
      a: matricesOf(backend, inputs.x!, false),
      b: matricesOf(backend, inputs.kernel!, false),
      bias: inputs.bias,
      rectify: attrs.rectify === true,
    })
}

/** The kernel behind `denseLayerGradients`, for wasm. */
export function denseGradientsWith(program: DenseProgram): (args: KernelArguments) => TensorInfo[] {
  return ({ inputs, attrs, backend }) => {
    const upstream = inputs.upstream!
    const [peers, rows, outputs] = upstream.shape as [number, number, number]
    const passed = attrs.rectify === true ? backend.makeOutput([...upstream.shape], 'float32') : upstream
    const from = backend.getMemoryOffset(passed.dataId)
    if (passed !== upstream) {
      const [y, above] = [inputs.y!, upstream].map(({ dataId }) => backend.getMemoryOffset(dataId)) as [number, number]
      program.rectifierGradient(y, above, from, peers * rows * outputs)
    }
    const gradients = [
      product(program, backend, {
        a: matricesOf(backend, inputs.x!, true),
        b: matricesOf(backend, passed, false),
        rectify: false,
      }),
    ]
    if (attrs.biased === true) {
      const ofBias = backend.makeOutput([peers, 1, outputs], 'float32')
      const into = backend.getMemoryOffset(ofBias.dataId)
      const row = outputs * Float32Array.BYTES_PER_ELEMENT
      for (let i = 0; i < peers; i++) program.sumRows(rows, outputs, from + i * rows * row, into + i * row)
      gradients.push(ofBias)
    }
    if (attrs.further === true) {
      const [a, b] = [matricesOf(backend, passed, false), matricesOf(backend, inputs.kernel!, true)]
      gradients.push(product(program, backend, { a, b, rectify: false }))
    }
    if (passed !== upstream) backend.disposeData(passed.dataId)
    return gradients
  }
}

/** The kernel behind `peerNorms` (dense/gradients.ts), for wasm. */
export function peerNormsWith({ squaredNorm }: DenseProgram): (args: KernelArguments) => TensorInfo {
  return ({ inputs, backend }) => {
    const tensors = Object.values(inputs)
    const peers = tensors[0]!.shape[0]!
    const squares = new Float64Array(peers)
    for (const { dataId, shape } of tensors) {
      const begin = backend.getMemoryOffset(dataId)
      const size = shape.slice(1).reduce((product, length) => product * length, 1)
      for (let i = 0; i < peers; i++) {
        squares[i]! += squaredNorm(begin + i * size * Float32Array.BYTES_PER_ELEMENT, size)
      }
    }
    return backend.makeOutput([peers, 1, 1], 'float32', undefined, new Float32Array(squares.map(Math.sqrt)))
  }
}
