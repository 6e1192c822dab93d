import type { KernelFunc, Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../../tensorflow.js'

/*
 * What the kernels of this folder are made of: single operations of the native library, run through tfjs-node's
 * backend. That package is optional, so there are no types to import.
 */

/** A setting of an operation, as the binding takes it. */
export interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

/** What we use of tfjs-node's backend beyond the core. */
export interface NativeBackend {
  readonly binding: {
    readonly TF_ATTR_TYPE: number
    readonly TF_ATTR_STRING: number
    readonly TF_ATTR_INT: number
    readonly TF_ATTR_BOOL: number
    readonly TF_FLOAT: number
    readonly TF_INT32: number
  }
  incRef(dataId: object): void
  executeSingleOutput(operation: string, attributes: readonly Attribute[], inputs: readonly TensorInfo[]): Tensor
  executeMultipleOutputs(
    operation: string,
    attributes: readonly Attribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[]
}

/** A kernel's arguments as this folder's kernels read them; each knows its own inputs and attributes. */
export interface KernelArguments {
  readonly inputs: Readonly<Record<string, TensorInfo>>
  readonly attrs: Readonly<Record<string, unknown>>
  readonly backend: NativeBackend
}

/** Returns undefined for what it leaves to TensorFlow.js' own kernel. */
export type NativeKernel = (args: KernelArguments) => TensorInfo | undefined

/** Settings by kind; all our operations are on float32 numbers. */
export interface Settings {
  readonly integers?: Readonly<Record<string, readonly number[]>>
  readonly strings?: Readonly<Record<string, string>>
  readonly flags?: Readonly<Record<string, boolean>>
}

/**
 * Settings of an operation of oneDNN. TensorFlow has its fast routines for x86 as operations of their own, with names
 * in "_Mkl", and puts them in place of its usual ones where the processor has AVX-512 for neural networks. On all others
 * it does so only with TF_ENABLE_ONEDNN_OPTS=1, which then prints a greeting of two lines that nothing silences, and
 * leaves no way to the usual operation where that one is faster. Called by name they need neither.
 */
export function oneDnn({ binding }: NativeBackend, { integers = {}, strings = {}, flags = {} }: Settings): Attribute[] {
  const settings: Attribute[] = [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    // The label under which TensorFlow registers these kernels.
    { name: '_kernel', type: binding.TF_ATTR_STRING, value: 'MklNameChangeOp' },
  ]
  for (const [name, value] of Object.entries(integers)) settings.push({ name, type: binding.TF_ATTR_INT, value })
  for (const [name, value] of Object.entries(strings)) settings.push({ name, type: binding.TF_ATTR_STRING, value })
  for (const [name, value] of Object.entries(flags)) settings.push({ name, type: binding.TF_ATTR_BOOL, value })
  return settings
}

/** All are float32 and none is empty: what these kernels are written for. */
export function usual(...tensors: TensorInfo[]): boolean {
  return tensors.every(({ dtype, shape }) => dtype === 'float32' && !shape.includes(0))
}

/** Puts a kernel before TensorFlow.js' own, which goes on doing what the new one leaves. */
export function precede(kernelName: string, kernel: NativeKernel): void {
  const original = tf.getKernel(kernelName, 'tensorflow')
  const kernelFunc = (args: KernelArguments): ReturnType<KernelFunc> =>
    kernel(args) ?? original.kernelFunc(args as unknown as Parameters<KernelFunc>[0])
  // Registering over the old one works too, but prints a warning.
  tf.unregisterKernel(kernelName, 'tensorflow')
  tf.registerKernel({ ...original, kernelFunc: kernelFunc as unknown as KernelFunc })
}
