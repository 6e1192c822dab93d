import { stat } from 'node:fs/promises'
import { HearsayError } from '../../errors.js'
import { systemCode } from '../../system-errors.js'
import { readHdf5 } from './hdf5.js'
import { readKerasFile } from './keras-file.js'
import {
  type ModelFile,
  type ModelFileLimits,
  modelFileLimits,
  parseJson,
  readModelJson,
  readModelPart,
  readStart,
} from './model-json.js'

/** What can be done about a file of another kind. */
const remedy = 'save the model from Keras with model.save("model.keras"), or as model.json of TensorFlow.js'

const startsWith = (start: Uint8Array, bytes: readonly number[], at = 0): boolean =>
  bytes.every((byte, i) => start[at + i] === byte)
const text = (letters: string): number[] => [...Buffer.from(letters, 'latin1')]

/** Files that hold a model, or a part of one, and are not read: by how they begin. */
const others: readonly (readonly [is: (start: Uint8Array, path: string) => boolean, what: string])[] = [
  // Eight bytes of length, of which the upper are zero, and JSON.
  [
    start => startsWith(start, [0, 0, 0, 0, ...text('{')], 4),
    'is a safetensors file, which holds weights without the layers that they belong to',
  ],
  [start => startsWith(start, text('TFL3'), 4), 'is a TensorFlow Lite model, which cannot be trained'],
  [
    start => startsWith(start, [0x80]) && start[1]! >= 2 && start[1]! <= 5,
    'is a pickle (PyTorch or Python), which is code',
  ],
  [(start, path) => /\.pb$/i.test(path) || startsWith(start, [0x08, 0x01, 0x12]), 'is a SavedModel of TensorFlow'],
  [
    (start, path) => /\.onnx$/i.test(path) || (startsWith(start, [0x08]) && start[2] === 0x12),
    'is an ONNX model, which is not read',
  ],
  [start => startsWith(start, [0x1f, 0x8b]), 'is a gzip archive, to be unpacked first'],
  [start => startsWith(start, text('\x93NUMPY')), 'is one array without layers'],
]

/**
 * Reads a user's model: what Keras saves (.keras, and .h5 of Keras 2 and 3), or a model.json of TensorFlow.js with its
 * weights. Which of these a file is shows its beginning, whatever it is called.
 *
 * @throws {@link HearsayError} `MODEL`, of a file of another kind with what it is and what to do
 */
export async function readModelFile(path: string, limits: ModelFileLimits = modelFileLimits): Promise<ModelFile> {
  const found = await stat(path).catch(error => {
    // What cannot be looked at is refused, with the reason, when its beginning is read.
    if (systemCode(error) === undefined) throw error
  })
  if (found?.isDirectory()) {
    throw new HearsayError('MODEL', `is a folder; name the file in it, as model.json; or ${remedy}`, { source: path })
  }
  const start = await readStart(path)
  if (startsWith(start, text('PK\x03\x04'))) return readKerasFile(path, limits)
  if (startsWith(start, text('\x89HDF\r\n\x1a\n'))) return readKerasHdf5(path, limits)
  const other = others.find(([is]) => is(start, path))
  if (other !== undefined) throw new HearsayError('MODEL', `${other[1]}; ${remedy}`, { source: path })
  return readModelJson(path, limits)
}

/** What model.save("model.h5") writes: the layers as a text, and the weights under the layers' names. */
async function readKerasHdf5(path: string, limits: ModelFileLimits): Promise<ModelFile> {
  const { texts, weights } = await readHdf5(await readModelPart(path, limits.weightBytes, path), path)
  const config = texts.get('model_config')
  if (config === undefined) {
    throw new HearsayError('MODEL', `holds weights without layers, as model.save_weights writes them; ${remedy}`, {
      source: path,
    })
  }
  if (config.length > limits.jsonBytes) {
    throw new HearsayError('MODEL', `its layers take ${config.length} bytes; at most ${limits.jsonBytes} are read`, {
      source: path,
    })
  }
  const named = [...weights].filter(([name]) => name.startsWith('model_weights/'))
  return { topology: parseJson(config, `${path}: model_config`), weights: new Map(named) }
}
