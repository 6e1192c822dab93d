import { bytesOf, type Layout } from '../tensors/index.js'
import { functionalConfig, type LayerGraph } from './graph.js'

/** One weight of an exported model. */
export interface ExportedWeight {
  /** "<layer>/<weight>" */
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** The peer's parameters as weights by name. */
export function weightsOf({ tensors }: Layout, values: Float32Array): ExportedWeight[] {
  return tensors.map(({ name, shape, offset, size }) => ({
    name,
    shape,
    values: values.subarray(offset, offset + size),
  }))
}

/** A LayersModel as `tf.loadLayersModel` reads it. */
export interface LayersModelFiles {
  /** model.json */
  readonly json: string
  /** weights.bin */
  readonly weights: Uint8Array
}

/** @param producer - the program that writes the file, with its version */
export function layersModel(graph: LayerGraph, weights: readonly ExportedWeight[], producer: string): LayersModelFiles {
  const json = {
    format: 'layers-model',
    generatedBy: producer,
    convertedBy: null,
    modelTopology: {
      class_name: 'Model',
      config: functionalConfig(graph),
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    },
    weightsManifest: [
      { paths: ['weights.bin'], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) },
    ],
  }
  return { json: `${JSON.stringify(json)}\n`, weights: Buffer.concat(weights.map(({ values }) => bytesOf(values))) }
}
