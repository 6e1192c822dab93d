import { unzipSync } from 'fflate'
import { HearsayError } from '../../errors.js'
import { inputSize } from '../dataset.js'
import { type DataLimits, dataError, dataLimits, inflatedLimit } from '../limits.js'
import { checkCounts, indexLabels, labelTextsUpTo, type Part, type Source, type UnlabelledSamples } from '../source.js'
import { readBytes } from './file.js'
import { decodeNpy, type NpyArray } from './npy.js'

/** Deflate cannot shrink data further than this; an entry that claims more lies about its size. */
const deflateRatio = 1032

/** How archives name their arrays: MedMNIST, Keras, and a plain pair. Inputs first, labels second. */
const conventions: readonly Partial<Record<'train' | 'validation' | 'test', readonly [string, string]>>[] = [
  {
    train: ['train_images', 'train_labels'],
    validation: ['val_images', 'val_labels'],
    test: ['test_images', 'test_labels'],
  },
  { train: ['x_train', 'y_train'], validation: ['x_val', 'y_val'], test: ['x_test', 'y_test'] },
  { train: ['x', 'y'] },
  { train: ['X', 'y'] },
]

/**
 * Unpacks the named arrays of an .npz archive (a ZIP of .npy files).
 *
 * @param names - what to unpack; all arrays when left out. Others are not even decompressed
 * @throws {@link HearsayError} when the archive or one of the arrays is damaged or too large
 */
export function decodeNpz(
  bytes: Uint8Array,
  source: string,
  names?: readonly string[],
  limits: DataLimits = dataLimits,
): Map<string, NpyArray> {
  const arrays = new Map<string, NpyArray>()
  for (const [name, content] of Object.entries(unpack(bytes, source, limits, names))) {
    arrays.set(name, decodeNpy(content, `${source}: ${name}`, limits))
  }
  return arrays
}

/** The names of the arrays in an .npz archive. Nothing is decompressed. */
export function namesInNpz(bytes: Uint8Array, source: string, limits: DataLimits = dataLimits): string[] {
  const names: string[] = []
  unpack(bytes, source, limits, [], name => names.push(name))
  return names
}

function unpack(
  bytes: Uint8Array,
  source: string,
  limits: DataLimits,
  wanted?: readonly string[],
  seen?: (name: string) => void,
): Record<string, Uint8Array> {
  let entries = 0
  let total = 0
  const { most, refusal } = inflatedLimit(bytes.length, limits)
  const found: Record<string, Uint8Array> = Object.create(null)
  try {
    const files = unzipSync(bytes, {
      filter({ name, size, originalSize }) {
        // The directory says how many entries there are; a lie must not keep us here for 2³² turns.
        if (++entries > 4096) throw dataError(source, 'has more than 4096 entries')
        if (!name.endsWith('.npy')) return false
        const array = name.slice(0, -4)
        seen?.(array)
        if (wanted !== undefined && !wanted.includes(array)) return false
        total += originalSize
        if (total > most) throw dataError(source, `${array}: ${refusal}`)
        if (size > bytes.length || originalSize > size * deflateRatio + 64) {
          throw dataError(source, `${array}: its size cannot be true; was the archive damaged?`)
        }
        return true
      },
    })
    for (const [name, content] of Object.entries(files)) found[name.slice(0, -4)] = content
  } catch (cause) {
    if (cause instanceof HearsayError) throw cause
    throw dataError(source, 'is not a readable .npz (ZIP) archive; was it cut off or damaged?', cause)
  }
  return found
}

/**
 * Reads a data set from an .npz archive with the keys of MedMNIST (`train_images`, `train_labels`, …), of Keras
 * (`x_train`, `y_train`, …) or with `x` and `y`. Images are n×h×w or n×h×w×channels; uint8 images are pixels, all
 * else are numbers as they are. Tables are n×features.
 */
export async function readNpz(path: string, limits: DataLimits = dataLimits): Promise<Source> {
  const bytes = await readBytes(path, limits)
  const names = namesInNpz(bytes, path, limits)
  const keys = conventions.find(convention => convention.train!.every(key => names.includes(key)))
  if (keys === undefined) {
    throw dataError(
      path,
      `has the arrays ${names.join(', ') || '(none)'}; needs train_images and train_labels, x_train and y_train, or x and y`,
    )
  }
  const parts = Object.entries(keys).filter(([, pair]) => pair.some(key => names.includes(key)))
  const arrays = decodeNpz(
    bytes,
    path,
    parts.flatMap(([, pair]) => [...pair]),
    limits,
  )

  let largest = 0
  let inputShape: readonly number[] | undefined
  const read: Partial<Record<string, Part>> = {}
  for (const [part, [inputsKey, labelsKey]] of parts) {
    const inputs = arrays.get(inputsKey)
    const labels = arrays.get(labelsKey)
    if (inputs === undefined || labels === undefined) {
      throw dataError(
        path,
        `has ${inputs === undefined ? labelsKey : inputsKey} but no ${inputs === undefined ? inputsKey : labelsKey}`,
      )
    }
    const shape = inputShapeOf(inputs, `${path}: ${inputsKey}`, limits)
    inputShape ??= shape
    if (shape.join('×') !== inputShape.join('×')) {
      throw dataError(path, `${inputsKey}: samples are ${shape.join('×')}, those for training ${inputShape.join('×')}`)
    }
    const indices = indexLabels(labelsOf(labels, `${path}: ${labelsKey}`), `${path}: ${labelsKey}`, limits)
    largest = Math.max(largest, indices.largest)
    const size = inputs.shape[0]!
    checkCounts(`${path}: ${inputsKey}`, size, indices.labels.length)
    read[part] = {
      inputs: inputsOf(inputs, shape, `${path}: ${inputsKey}`),
      labels: indices.labels,
      size,
      place: sample => `${path}: ${labelsKey}: sample ${sample}`,
    }
  }
  return {
    inputShape: inputShape!,
    labelTexts: labelTextsUpTo(largest),
    train: read.train!,
    ...(read.validation && { validation: read.validation }),
    ...(read.test && { test: read.test }),
  }
}

/** What an array of inputs alone may be called, the likeliest first; an archive with one array needs none of these. */
const inputNames = ['x', 'X', 'inputs', 'images', 'test_images', 'x_test']

/** The array of labels that goes with these inputs, where it is there. */
function answersBeside(inputs: string, names: readonly string[]): string[] {
  const pairs = conventions.flatMap(convention => Object.values(convention))
  return pairs.flatMap(([x, y]) => (x === inputs && names.includes(y) ? [y] : [])).slice(0, 1)
}

/** Samples from an .npz archive, with their labels where these are there. */
export async function readNpzInputs(path: string, limits: DataLimits = dataLimits): Promise<UnlabelledSamples> {
  const bytes = await readBytes(path, limits)
  const names = namesInNpz(bytes, path, limits)
  const name = names.length === 1 ? names[0]! : inputNames.find(known => names.includes(known))
  if (name === undefined) {
    throw dataError(path, `has the arrays ${names.join(', ') || '(none)'}; call the one with the inputs x`)
  }
  const answersName = answersBeside(name, names)
  const arrays = decodeNpz(bytes, path, [name, ...answersName], limits)
  const array = arrays.get(name)!
  const what = `${path}: ${name}`
  const inputShape = inputShapeOf(array, what, limits)
  const size = array.shape[0]!
  const [answers] = answersName.map(key => labelsOf(arrays.get(key)!, `${path}: ${key}`))
  if (answers !== undefined) checkCounts(what, size, answers.length)
  return {
    inputs: inputsOf(array, inputShape, what),
    inputShape,
    size,
    ...(answers && { answers: Array.from(answers, String) }),
  }
}

function inputShapeOf({ shape }: NpyArray, what: string, limits: DataLimits): number[] {
  const [, ...sample] = shape
  const inputShape = sample.length === 2 ? [...sample, 1] : sample
  const isTable = inputShape.length === 1
  const isImage = inputShape.length === 3 && inputShape[2]! <= 4
  if ((!isTable && !isImage) || inputShape.includes(0)) {
    throw dataError(
      what,
      `shape (${shape.join(', ')}); images must be n×height×width or n×height×width×channels (1 to 4), tables n×features`,
    )
  }
  if (isTable && inputShape[0]! > limits.columns) {
    throw dataError(what, `has ${inputShape[0]} features; at most ${limits.columns} are read`)
  }
  return inputShape
}

function labelsOf({ shape, values }: NpyArray, what: string): ArrayLike<number> {
  if (shape.length === 1 || (shape.length === 2 && shape[1] === 1)) return values
  throw dataError(what, `shape (${shape.join(', ')}); must be n or n×1, one class index per sample`)
}

function inputsOf({ dtype, values }: NpyArray, inputShape: readonly number[], what: string): Uint8Array | Float32Array {
  if (dtype === '|u1' && inputShape.length === 3) return values as Uint8Array
  const numbers = values instanceof Float32Array ? values : Float32Array.from(values)
  const infinite = numbers.findIndex(value => value === Infinity || value === -Infinity)
  if (infinite >= 0) {
    const sample = Math.floor(infinite / inputSize(inputShape))
    throw dataError(what, `sample ${sample}: holds an infinite number; only finite ones and NaN (missing) are read`)
  }
  return numbers
}
