import { zipSync } from 'fflate'
import { bytesOf } from '../tensors/index.js'
import { functionalConfig, type GraphLayer, type LayerGraph } from './graph.js'
import type { ExportedWeight } from './tfjs.js'

/** What Keras 3 creates a model from, with the script that does so. */
export interface KerasFiles {
  /** model.json: the layers. */
  readonly json: string
  /** weights.npz: each weight under its name, "<layer>/<weight>". */
  readonly weights: Uint8Array
  /** load.py */
  readonly script: string
}

/** `.keras` files contain HDF5, which is best written by Keras itself. */
const script = `"""Makes model.keras of model.json and weights.npz, which lie beside this file. Needs Keras 3."""
import pathlib

import keras
import numpy

here = pathlib.Path(__file__).resolve().parent


def load():
    """The trained model: inputs as the data come, answers in the data's own units."""
    model = keras.models.model_from_json((here / "model.json").read_text())
    weights = numpy.load(here / "weights.npz")
    for layer in model.layers:
        for weight in layer.weights:
            weight.assign(weights[f"{layer.name}/{weight.name}"])
    return model


if __name__ == "__main__":
    load().save(here / "model.keras")
`

export function kerasModel(graph: LayerGraph, weights: readonly ExportedWeight[]): KerasFiles {
  const layers = graph.layers.map(inKeras3)
  // The class's module and name, as Keras 3 itself writes them.
  const place = { module: 'keras.src.models.functional', registered_name: 'Functional' }
  const json = { class_name: 'Functional', ...place, config: functionalConfig({ ...graph, layers }) }
  const arrays = weights.map(weight => [`${weight.name}.npy`, npyOf(weight)] as const)
  return { json: `${JSON.stringify(json)}\n`, weights: zipSync(Object.fromEntries(arrays), { level: 0 }), script }
}

/** Renames two fields whose names differ between Keras 3 and TensorFlow.js. */
function inKeras3(layer: GraphLayer): GraphLayer {
  const { batch_input_shape, alpha, ...config } = layer.config
  const shape = batch_input_shape === undefined ? {} : { batch_shape: batch_input_shape }
  const slope = alpha === undefined ? {} : { [layer.class_name === 'LeakyReLU' ? 'negative_slope' : 'alpha']: alpha }
  return { ...layer, config: { ...config, ...shape, ...slope } }
}

/** An array in numpy's own format, version 1: the header ends at a multiple of 64 bytes. */
export function npyOf({ shape, values }: Pick<ExportedWeight, 'shape' | 'values'>): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`
  const start = 10
  const length = Math.ceil((start + dictionary.length + 1) / 64) * 64 - start
  const bytes = new Uint8Array(start + length + values.byteLength)
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 0xff, length >> 8])
  bytes.set(new TextEncoder().encode(`${dictionary.padEnd(length - 1)}\n`), start)
  bytes.set(bytesOf(values), start + length)
  return bytes
}
