import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core'

/** A shader of tfjs-backend-webgpu. Pipelines are kept by key, so another text needs another key. */
interface Program {
  shaderKey: string
  getUserCode(): string
}

/** As much of the backend as its max pooling gradient uses. */
interface PoolBackend {
  runWebGPUProgram(program: Program, ...rest: unknown[]): TensorInfo
  disposeData(dataId: object): boolean
}

/**
 * Gradient of max pooling for WebGPU: each output's gradient goes to the first place in its window that holds the
 * largest value, as on every other backend. tfjs-backend-webgpu sends it to the last one; behind a rectifier, where
 * whole windows are zero, the backends would train different models.
 */
export function maxPoolGradientWith(original: KernelFunc): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const { runWebGPUProgram, disposeData } = backend as PoolBackend
    const first: PoolBackend = {
      runWebGPUProgram: (program, ...rest) => runWebGPUProgram.call(backend, firstOfEqual(program), ...rest),
      disposeData: dataId => disposeData.call(backend, dataId),
    }
    return original({ inputs, attrs: attrs!, backend: first })
  }
}

function firstOfEqual(program: Program): Program {
  // The shader that finds each window's largest value; the other one, that spreads the gradient, is right.
  if (!program.shaderKey.startsWith('pool2D_max_true')) return program
  const code = program.getUserCode.bind(program)
  program.getUserCode = () => code().replace('value >= currMaxValue', 'value > currMaxValue || maxValueFound == 0.0')
  program.shaderKey += '_first'
  return program
}
