import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import { requireWasm, tf } from '../tensorflow.js'
import type { LoadedBackend } from '../types.js'
import type { Backend } from './backend.js'
import { cpuDevice } from './device.js'
import { conv2dFilterGradient, conv2dInputGradient } from './kernels/conv2d.js'
import { denseGradientsWith, denseLayerWith, peerNormsWith } from './kernels/dense-kernels.js'
import { denseGradientsKernel, denseLayerKernel, peerNormsKernel } from './kernels/dense-layer.js'
import { type DenseProgram, loadDense } from './kernels/dense-program.js'
import { gatherWith } from './kernels/gather.js'
import { replaceKernel } from './kernels/heap.js'
import { fusedMatMulWith, matMulWith } from './kernels/matmul.js'
import { patchesKernel, wasmPatches } from './kernels/patches.js'
import { maxPoolGradient } from './kernels/pool.js'
import { paddedBy, paddedConvolutions } from './kernels/same-padding.js'

/** WebAssembly: everywhere, and the slowest. */
export const wasmBackend: Backend = { name: 'wasm', start: loadWasm }

let completed = false

/** Starts the wasm backend and completes it with the kernels that training needs. One thread: it has no more in Node. */
export async function loadWasm(): Promise<LoadedBackend> {
  const wasm = requireWasm()
  const manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')
  if (!completed) wasm.setWasmPaths(join(dirname(manifest), 'dist/'))
  await tf.setBackend('wasm')
  if (!completed) completeKernels(loadDense(tf.backend() as BackendWasm))
  completed = true
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')
  return {
    name: 'wasm',
    device: cpuDevice(),
    version: `${wasm.version_wasm}, ${simd ? 'with' : 'without'} SIMD`,
    threads: 1,
  }
}

function completeKernels(dense: DenseProgram): void {
  replaceKernel('BatchMatMul', matMulWith(dense))
  replaceKernel('_FusedMatMul', fusedMatMulWith(dense, tf.getKernel('_FusedMatMul', 'wasm').kernelFunc))
  replaceKernel(denseLayerKernel, denseLayerWith(dense))
  replaceKernel(denseGradientsKernel, denseGradientsWith(dense))
  replaceKernel(peerNormsKernel, peerNormsWith(dense))
  replaceKernel('GatherV2', gatherWith(tf.getKernel('GatherV2', 'wasm').kernelFunc))
  for (const [name, isDepthwise] of paddedConvolutions) {
    replaceKernel(name, paddedBy(tf.getKernel(name, 'wasm').kernelFunc, isDepthwise))
  }
  replaceKernel('Conv2DBackpropFilter', conv2dFilterGradient)
  replaceKernel('Conv2DBackpropInput', conv2dInputGradient)
  replaceKernel('MaxPoolGrad', maxPoolGradient)
  replaceKernel(patchesKernel, wasmPatches)
}
