import { inputSize, sharedNumbers } from '../dataset.js'
import { type DataLimits, dataError, dataLimits } from '../limits.js'
import type { Reading } from '../reading.js'
import { checkCounts, indexLabels, labelTextsUpTo, type Part, type Source, type UnlabelledSamples } from '../source.js'
import type { NpyArray } from './npy.js'
import { readArrays } from './npz-archive.js'

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
 * Reads a data set from an .npz archive with the keys of MedMNIST (`train_images`, `train_labels`, …), of Keras
 * (`x_train`, `y_train`, …) or with `x` and `y`. Images are n×h×w or n×h×w×channels; uint8 images are pixels, all
 * else are numbers as they are. Tables are n×features.
 */
export async function readNpz(path: string, limits: DataLimits = dataLimits, reading: Reading = {}): Promise<Source> {
  let parts: [part: string, pair: readonly [string, string]][] = []
  const choose = (names: readonly string[]): string[] => {
    const keys = conventions.find(convention => convention.train!.every(key => names.includes(key)))
    if (keys === undefined) {
      throw dataError(
        path,
        `has the arrays ${names.join(', ') || '(none)'}; needs train_images and train_labels, x_train and y_train, or x and y`,
      )
    }
    parts = Object.entries(keys).filter(([, pair]) => pair.some(key => names.includes(key)))
    return parts.flatMap(([, pair]) => [...pair])
  }
  const arrays = await readArrays(path, choose, limits, reading)

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
const inputNames = ['x', 'X', 'inputs', 'images', 'test_images', 'x_test', 'train_images', 'x_train']

/** The array of labels that goes with these inputs, where it is there. */
function answersBeside(inputs: string, names: readonly string[]): string[] {
  const pairs = conventions.flatMap(convention => Object.values(convention))
  return pairs.flatMap(([x, y]) => (x === inputs && names.includes(y) ? [y] : [])).slice(0, 1)
}

/** Samples from an .npz archive, with their labels where these are there. */
export async function readNpzInputs(
  path: string,
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): Promise<UnlabelledSamples> {
  const choose = (names: readonly string[]): string[] => {
    const name = names.length === 1 ? names[0] : inputNames.find(known => names.includes(known))
    if (name !== undefined) return [name, ...answersBeside(name, names)]
    throw dataError(path, `has the arrays ${names.join(', ') || '(none)'}; call the one with the inputs x`)
  }
  const [[name, array], [answersName, givenAnswers] = []] = [...(await readArrays(path, choose, limits, reading))] as [
    [string, NpyArray],
    [string, NpyArray]?,
  ]
  const what = `${path}: ${name}`
  const inputShape = inputShapeOf(array, what, limits)
  const size = array.shape[0]!
  const answers = givenAnswers && labelsOf(givenAnswers, `${path}: ${answersName}`)
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
  const numbers = values instanceof Float32Array ? values : onFloat32(values)
  const infinite = numbers.findIndex(value => value === Infinity || value === -Infinity)
  if (infinite >= 0) {
    const sample = Math.floor(infinite / inputSize(inputShape))
    throw dataError(what, `sample ${sample}: holds an infinite number; only finite ones and NaN (missing) are read`)
  }
  return numbers
}

function onFloat32(values: NpyArray['values']): Float32Array {
  const numbers = sharedNumbers(values.length)
  numbers.set(values)
  return numbers
}
