import type { DataId, Tensor } from '@tensorflow/tfjs-core'
import { tf } from '../tensorflow.js'

/*
 * The native library as tfjs-node's binding offers it, and the bridge between its tensors, which are numbers, and
 * TensorFlow.js'. That package is optional, so there are no types to import.
 */

/** A setting of an operation. */
export interface Setting {
  readonly name: string
  /** One of the binding's TF_ATTR_…. */
  readonly type: number
  readonly value: unknown
}

/** A tensor that an operation gave. */
export interface Given {
  readonly id: number
  readonly shape: readonly number[]
  /** One of the binding's types of numbers. */
  readonly dtype: number
}

export interface Binding {
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  readonly TF_BOOL: number
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_TYPE: number
  readonly TF_ATTR_SHAPE: number
  executeOp(name: string, settings: readonly Setting[], inputs: readonly number[], outputs: number): Given[]
  createTensor(shape: readonly number[], dtype: number, values: Values): number
  deleteTensor(id: number): void
  tensorDataSync(id: number): ArrayLike<number>
  /** @param tags - those under which the folder's model is saved, with commas between them */
  loadSavedModel(folder: string, tags: string): number
  /** @param names - of inputs and outputs, with commas between them */
  runSavedModel(model: number, inputs: readonly number[], inputNames: string, outputNames: string): Given[]
  deleteSavedModel(model: number): void
}

/** Numbers as the binding takes them. */
export type Values = Float32Array | Int32Array | Uint8Array

/** tfjs-node's backend. */
export interface GraphBackend {
  binding: Binding
  readonly tensorMap: { get(dataId: DataId): { readonly id: number } }
  getInputTensorIds(tensors: readonly Tensor[]): number[]
  createOutputTensor(given: Given): Tensor
}

/** The present backend, which must be the native one. */
export function graphBackend(): GraphBackend {
  return tf.backend() as unknown as GraphBackend
}
