import { basename, dirname, join } from 'node:path'
import { type DataLimits, dataError, dataLimits } from '../limits.js'
import type { Reading } from '../reading.js'
import { checkCounts, indexLabels, labelTextsUpTo, type Part, type Source, type UnlabelledSamples } from '../source.js'
import { kindOf, readBytes } from './file.js'
import { kindOfFile, passedOver } from './passed-over.js'

/*
 * The IDX format of MNIST: two zero bytes, the type of the numbers, the number of dimensions, each length as a
 * big-endian uint32, then the numbers. Only unsigned bytes are read: no image set in IDX uses another type.
 */

const unsignedByte = 0x08

/** One IDX array of unsigned bytes. */
export interface IdxArray {
  readonly shape: readonly number[]
  readonly values: Uint8Array
}

/**
 * Reads one IDX array; `values` is a view on `bytes`.
 *
 * @param dimensions - 3 for images, 1 for labels
 * @throws {@link HearsayError} when the bytes are no such array
 */
export function decodeIdx(bytes: Uint8Array, source: string, dimensions: 1 | 3): IdxArray {
  if (bytes.length < 4) throw dataError(source, 'is too short to be an IDX file; was it cut off?')
  if (bytes[0] !== 0 || bytes[1] !== 0) {
    throw dataError(
      source,
      'does not start with two zero bytes, so it is no IDX file; if it is gzipped, its name must end in .gz',
    )
  }
  if (bytes[2] !== unsignedByte) {
    throw dataError(source, `holds numbers of type 0x${bytes[2]!.toString(16)}; only unsigned bytes (0x8) are read`)
  }
  if (bytes[3] !== dimensions) throw dataError(source, `has ${bytes[3]} dimensions; ${dimensions} expected`)
  const start = 4 + 4 * dimensions
  if (bytes.length < start) throw dataError(source, 'ends inside its header; was it cut off?')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis))
  const expected = shape.reduce((product, length) => product * length, 1)
  const present = bytes.length - start
  if (present !== expected) {
    const cut = present < expected ? '; was it cut off?' : ''
    throw dataError(source, `${shape.join('×')} needs ${expected} bytes, but ${present} follow${cut}`)
  }
  return { shape, values: bytes.subarray(start) }
}

const imagesName = /^(.*?)(train|t10k|test)?([-.]?images[-.]idx3-ubyte)(\.gz)?$/

/** Is this the name of an IDX file of images? */
export function isIdxImages(name: string): boolean {
  return imagesName.test(name)
}

/** Reads one pair: the file of images, and the file of labels beside it. */
export async function readIdxPair(
  imagesPath: string,
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): Promise<Source> {
  const pair = await readPair(imagesPath, limits, reading)
  return { inputShape: pair.inputShape, labelTexts: labelTextsUpTo(pair.largest), train: pair.part }
}

/** The images of one file, with their labels where that file lies beside it. */
export async function readIdxImages(
  path: string,
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): Promise<UnlabelledSamples> {
  const { shape, values } = decodeIdx(await readBytes(path, limits, reading), path, 3)
  const samples = { inputs: values, inputShape: [shape[1]!, shape[2]!, 1], size: shape[0]! }
  const labelsPath = await findLabels(path)
  if (labelsPath === undefined) return samples
  const labels = decodeIdx(await readBytes(labelsPath, limits, reading), labelsPath, 1)
  checkCounts(path, samples.size, labels.values.length)
  return { ...samples, answers: Array.from(labels.values, String) }
}

/** Reads a folder with `train-images-idx3-ubyte`, `t10k-images-idx3-ubyte` and their labels, gzipped or not. */
export async function readIdxFolder(
  folder: string,
  names: readonly string[],
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): Promise<Source> {
  const train = one(folder, names, ['train'])
  const test = one(folder, names, ['t10k', 'test'])
  if (train === undefined) throw dataError(folder, 'has IDX images but no train-images-idx3-ubyte[.gz]')
  const trainPair = await readPair(join(folder, train), limits, reading)
  const testPair = test === undefined ? undefined : await readPair(join(folder, test), limits, reading)
  if (testPair !== undefined && testPair.inputShape.join('×') !== trainPair.inputShape.join('×')) {
    throw dataError(
      folder,
      `test images are ${testPair.inputShape.join('×')}, training images ${trainPair.inputShape.join('×')}`,
    )
  }
  // The same file packed and unpacked is no other file.
  const unpacked = (name: string): string => basename(name).replace(/\.gz$/, '')
  const read = [...trainPair.files, ...(testPair?.files ?? [])].map(unpacked)
  const leftOut = passedOver(names.filter(name => !read.includes(unpacked(name))).map(kindOfFile), read.length)
  return {
    inputShape: trainPair.inputShape,
    labelTexts: labelTextsUpTo(Math.max(trainPair.largest, testPair?.largest ?? 0)),
    ...(leftOut !== undefined && { notes: [`${leftOut}; read are ${read.join(', ')}`] }),
    train: trainPair.part,
    ...(testPair && { test: testPair.part }),
  }
}

function one(folder: string, names: readonly string[], splits: readonly string[]): string | undefined {
  const found = names.filter(name => splits.includes(imagesName.exec(name)?.[2] ?? ''))
  // The same images lie gzipped and unpacked in one folder once someone has run gunzip --keep.
  const different = new Set(found.map(name => name.replace(/\.gz$/, '')))
  if (different.size > 1) throw dataError(folder, `has ${[...different].join(' and ')}; give the path of one of them`)
  return found[0]
}

async function readPair(
  imagesPath: string,
  limits: DataLimits,
  reading: Reading,
): Promise<{ part: Part; inputShape: number[]; largest: number; files: readonly string[] }> {
  const labelsPath = await labelsBeside(imagesPath)
  const images = decodeIdx(await readBytes(imagesPath, limits, reading), imagesPath, 3)
  const labels = decodeIdx(await readBytes(labelsPath, limits, reading), labelsPath, 1)
  const [size, height, width] = images.shape
  checkCounts(imagesPath, size!, labels.shape[0]!)
  if (images.values.length === 0) throw dataError(imagesPath, `images are ${height}×${width}; they must not be empty`)
  const indices = indexLabels(labels.values, labelsPath, limits)
  return {
    part: {
      inputs: images.values,
      labels: indices.labels,
      size: size!,
      place: sample => `${labelsPath}: sample ${sample}`,
    },
    inputShape: [height!, width!, 1],
    largest: indices.largest,
    files: [imagesPath, labelsPath],
  }
}

async function labelsBeside(imagesPath: string): Promise<string> {
  const found = await findLabels(imagesPath)
  if (found !== undefined) return found
  throw dataError(imagesPath, `needs ${labelsName(imagesPath)}[.gz] beside it`)
}

async function findLabels(imagesPath: string): Promise<string | undefined> {
  const plain = labelsName(imagesPath)
  for (const name of [plain, `${plain}.gz`]) {
    const path = join(dirname(imagesPath), name)
    if ((await kindOf(path)) === 'file') return path
  }
  return undefined
}

function labelsName(imagesPath: string): string {
  return basename(imagesPath).replace(/\.gz$/, '').replace('images', 'labels').replace('idx3', 'idx1')
}
