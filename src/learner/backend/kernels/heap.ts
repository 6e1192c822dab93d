import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'

/*
 * What the kernels of this folder are made of: the wasm backend's own kernels, and copies inside its heap. They work
 * below the engine's book-keeping, on data ids, so whatever they make and do not return they must free.
 */

/** Runs one of the wasm backend's own kernels. */
export function run(backend: BackendWasm, name: string, inputs: object, attrs: object = {}): TensorInfo {
  const kernel = tf.getKernel(name, 'wasm')
  if (kernel === undefined) throw new Error(`tfjs-backend-wasm has no kernel ${name}`)
  return call(kernel.kernelFunc, backend, inputs, attrs)
}

/** Calls a kernel that returns one tensor. */
export function call(kernel: KernelFunc, backend: BackendWasm, inputs: object, attrs: object): TensorInfo {
  const output = kernel({
    inputs: inputs as Parameters<KernelFunc>[0]['inputs'],
    attrs: attrs as NonNullable<Parameters<KernelFunc>[0]['attrs']>,
    backend,
  })
  return Array.isArray(output) ? output[0]! : output
}

/** The same numbers under another shape; no copy. */
export function reshaped({ dataId, dtype }: TensorInfo, shape: number[]): TensorInfo {
  return { dataId, dtype, shape }
}

/** Frees what a kernel made on its way. */
export function free(backend: BackendWasm, ...tensors: TensorInfo[]): void {
  for (const { dataId } of tensors) backend.disposeData(dataId)
}

/**
 * The wasm heap as float32 numbers. It moves when it grows, so take it after the last allocation and do not keep it.
 */
export function heapOf(backend: BackendWasm): Float32Array {
  // Part of every Emscripten module, but not of the types that the package ships.
  return new Float32Array((backend.wasm as unknown as { readonly HEAPU8: Uint8Array }).HEAPU8.buffer)
}

/** Where a tensor begins in {@link heapOf}. */
export function offsetOf(backend: BackendWasm, { dataId }: TensorInfo): number {
  return backend.getMemoryOffset(dataId) / Float32Array.BYTES_PER_ELEMENT
}

/** Replaces one of the wasm backend's kernels, or adds one that it lacks. */
export function replaceKernel(
  kernelName: string,
  kernelFunc: (args: KernelArguments) => TensorInfo | TensorInfo[],
): void {
  // Registering over an old kernel works too, but prints a warning.
  if (tf.getKernel(kernelName, 'wasm') !== undefined) tf.unregisterKernel(kernelName, 'wasm')
  tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc: kernelFunc as unknown as KernelFunc })
}

/** A kernel's arguments as this folder's kernels read them; each knows its own inputs and attributes. */
export interface KernelArguments {
  readonly inputs: Readonly<Record<string, TensorInfo>>
  readonly attrs: Readonly<Record<string, unknown>>
  readonly backend: BackendWasm
}
