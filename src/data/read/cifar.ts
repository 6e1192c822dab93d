import { join } from 'node:path'
import { sharedPixels } from '../dataset.js'
import { type DataLimits, dataError, dataLimits } from '../limits.js'
import type { Reading } from '../reading.js'
import { checkSize, labelTextsUpTo, type Part, type Source } from '../source.js'
import { readBytes } from './file.js'
import { kindOfFile, passedOver } from './passed-over.js'

/*
 * The binary version of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html): records of one label byte and 3072
 * pixel bytes, all red, then all green, then all blue, row by row.
 */

const side = 32
const plane = side * side
const recordBytes = 1 + 3 * plane
const classes = 10

const batchName = /^data_batch_\d+\.bin$/

/** Does a folder with these entries hold CIFAR-10's binary version? */
export function isCifarFolder(names: readonly string[]): boolean {
  return names.some(name => batchName.test(name))
}

/** Reads `data_batch_*.bin`, `test_batch.bin` where present, and the class names of `batches.meta.txt`. */
export async function readCifarFolder(
  folder: string,
  names: readonly string[],
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): Promise<Source> {
  const batches = names
    .filter(name => batchName.test(name))
    .sort((a, b) => Number.parseInt(a.slice(11), 10) - Number.parseInt(b.slice(11), 10))
  const read = [...batches, 'test_batch.bin', 'batches.meta.txt'].filter(name => names.includes(name))
  const leftOut = passedOver(names.filter(name => !read.includes(name)).map(kindOfFile), read.length)
  const train = await readBatches(folder, batches, limits, reading)
  const test = names.includes('test_batch.bin')
    ? await readBatches(folder, ['test_batch.bin'], limits, reading)
    : undefined
  const labelNames = names.includes('batches.meta.txt')
    ? new TextDecoder()
        .decode(await readBytes(join(folder, 'batches.meta.txt'), limits, reading))
        .split(/\s+/)
        .filter(Boolean)
    : undefined
  return {
    inputShape: [side, side, 3],
    labelTexts: labelTextsUpTo(classes - 1),
    ...(labelNames?.length === classes && { labelNames }),
    train,
    ...(test && { test }),
    ...(leftOut !== undefined && {
      notes: [`${leftOut}; read are data_batch_*.bin, test_batch.bin and batches.meta.txt`],
    }),
  }
}

async function readBatches(
  folder: string,
  names: readonly string[],
  limits: DataLimits,
  reading: Reading,
): Promise<Part> {
  const batches: Uint8Array[] = []
  let size = 0
  for (const name of names) {
    const bytes = await readBytes(join(folder, name), limits, reading)
    size += countRecords(bytes, join(folder, name))
    checkSize(folder, size, [side, side, 3], 1, limits)
    batches.push(bytes)
  }
  const inputs = sharedPixels(size * 3 * plane)
  const labels = new Int32Array(size)
  let sample = 0
  for (const [at, batch] of batches.entries()) {
    decodeCifar(batch, join(folder, names[at]!), inputs, labels, sample)
    sample += batch.length / recordBytes
  }
  return { inputs, labels, size, place: at => `${folder}: sample ${at}` }
}

function countRecords(bytes: Uint8Array, source: string): number {
  const count = bytes.length / recordBytes
  if (!Number.isInteger(count) || count === 0) {
    throw dataError(
      source,
      `has ${bytes.length} bytes, no multiple of ${recordBytes} (a label and 32×32×3 pixels); was it cut off?`,
    )
  }
  return count
}

/**
 * Decodes one batch into `inputs` (pixel by pixel: red, green, blue) and `labels`, from sample `first` on.
 *
 * @throws {@link HearsayError} when the bytes are no whole records, or a label is not 0 to 9
 */
export function decodeCifar(
  bytes: Uint8Array,
  source: string,
  inputs: Uint8Array,
  labels: Int32Array,
  first: number,
): void {
  const count = countRecords(bytes, source)
  let to = first * 3 * plane
  for (let record = 0; record < count; record++) {
    const start = record * recordBytes
    const label = bytes[start]!
    if (label >= classes) throw dataError(source, `record ${record}: label ${label}; must be 0 to ${classes - 1}`)
    labels[first + record] = label
    for (let at = start + 1; at <= start + plane; at++) {
      inputs[to++] = bytes[at]!
      inputs[to++] = bytes[at + plane]!
      inputs[to++] = bytes[at + 2 * plane]!
    }
  }
}
