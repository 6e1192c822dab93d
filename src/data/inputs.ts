import { basename, dirname, join, relative } from 'node:path'
import { type Answers, answersOf } from './answers.js'
import { inputSize, type Samples, sharedLabels, sharedNumbers, sharedPixels } from './dataset.js'
import { enlarge } from './degrade.js'
import { type DataLimits, dataError, dataLimits } from './limits.js'
import { classification, type Objective } from './objective.js'
import { type ImageSize, imageSize } from './read/decode-images.js'
import { kindOf, listFolder } from './read/file.js'
import { isIdxImages, readIdxImages } from './read/idx.js'
import { imagesIn } from './read/image-folder.js'
import { isImage, readableImages } from './read/image-format.js'
import { leftOutNotes, readImages, shapeNotes, wantedByModel } from './read/images.js'
import { readNpzInputs } from './read/npz.js'
import { type RowOptions, readRows } from './read/rows.js'
import { isNamedTable, namedTables } from './read/table-files.js'
import type { Reading } from './reading.js'
import type { TableSchema } from './schema.js'
import type { UnlabelledSamples } from './source.js'
import type { ClassSpec } from './spec.js'

/** What a model takes, as its training data were. */
export interface InputsWanted {
  readonly inputShape: readonly number[]
  /** Pixels (`Uint8Array`), or numbers as they are. */
  readonly pixels: boolean
  /** Of a table: which column becomes which inputs. Left out, a table's columns are the inputs in their order. */
  readonly table?: TableSchema | undefined
  /** The names of the classes, or what labels they have: with them, answers in the inputs are understood. @default none */
  readonly classes?: readonly ClassSpec[]
  /** To restore images: those of 1 / factor of the size are brought to it as in training. @default classification */
  readonly objective?: Objective
}

/** Samples whose labels nobody looks at (all are 0), and what each is called: a file's name, or its place. */
export interface Inputs {
  readonly samples: Samples
  readonly names: readonly string[]
  /** What the answers to them are; left out where the inputs say nothing of it. */
  readonly answers?: Answers
  /** What the reading passed over, a sentence each. */
  readonly notes?: readonly string[]
}

const readable = `an image (${readableImages}), a folder of them, a table (${namedTables}), .npz, or IDX images`

/**
 * Reads the samples that a trained model is to predict: as `loadDataset` does, without labels.
 *
 * @param options - of a table: how it is written
 * @param reading - ends it, and is notified of its progress
 * @throws {@link HearsayError} `DATA` when it cannot be read, or is not what the model takes
 */
export async function loadInputs(
  path: string,
  wanted: InputsWanted,
  options: RowOptions = {},
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): Promise<Inputs> {
  const kind = await kindOf(path)
  if (kind === undefined) throw dataError(path, 'there is no such file or folder')
  if (kind === 'folder') {
    const { paths, leftOut } = await imagesIn(path, limits)
    if (paths.length > 0) {
      const read = await ofImages(paths, wanted, limits, reading, file => relative(path, file))
      return { ...read, notes: [...leftOutNotes(leftOut, paths.length), ...(read.notes ?? [])] }
    }
    const arrays = (await listFolder(path, limits)).filter(isIdxImages)
    if (arrays.length === 1)
      return ofArray(join(path, arrays[0]!), await readIdxImages(join(path, arrays[0]!), limits, reading), wanted)
    throw dataError(path, `holds no images; what can be read is ${readable}`)
  }
  if (isImage(path)) return ofImages([path], wanted, limits, reading, file => basename(file))
  if (isNamedTable(path)) {
    return ofArray(path, await readRows(path, wanted.inputShape, schemaOf(wanted), options, limits, reading), wanted)
  }
  if (/\.npz$/i.test(path)) return ofArray(path, await readNpzInputs(path, limits, reading), wanted)
  if (isIdxImages(basename(path))) return ofArray(path, await readIdxImages(path, limits, reading), wanted)
  throw dataError(path, `is of no known format; what can be read is ${readable}`)
}

/** A table of plain numbers, one a column. */
function schemaOf({ table, inputShape }: InputsWanted): TableSchema {
  if (table !== undefined) return table
  const columns = Array.from({ length: inputSize(inputShape) }, (_, i) => ({
    name: `column ${i + 1}`,
    kind: 'number' as const,
  }))
  return { header: false, columns }
}

async function ofImages(
  paths: readonly string[],
  { inputShape, pixels, objective = classification, classes = [] }: InputsWanted,
  limits: DataLimits,
  reading: Reading,
  nameOf: (path: string) => string,
): Promise<Inputs> {
  const [height, width, channels] = inputShape
  if (inputShape.length !== 3 || !pixels || height === undefined || width === undefined || channels === undefined) {
    throw dataError(
      paths[0]!,
      `is an image, and the model takes ${inputShape.join('×')} numbers; give it a table or .npz`,
    )
  }
  const shape = [height, width, channels] as const
  const { pixels: read, notes } =
    objective.kind === 'super-resolution'
      ? await small(paths, shape, objective.factor, limits, reading)
      : await readImages(paths, shape, limits, reading)
  const folders = paths.map(path => basename(dirname(nameOf(path))).replace(/^\.$/, ''))
  const answers = answersOf(folders, objective, classes)
  // Folders need not be classes.
  const known = objective.kind === 'classification' && answers !== undefined && answers.known > 0
  return { ...samplesOf(read, paths.length, paths.map(nameOf)), ...(known && { answers }), notes }
}

/** Images to restore: those of 1 / factor of the size as they are, and enlarged here; others are taken as enlarged. */
async function small(
  paths: readonly string[],
  shape: readonly [number, number, number],
  factor: number,
  limits: DataLimits,
  { signal, onRead }: Reading,
): Promise<{ pixels: Uint8Array; notes: string[] }> {
  const [height, width, channels] = shape
  const size = [Math.round(height / factor), Math.round(width / factor)] as const
  const all = sharedPixels(paths.length * inputSize(shape))
  const odd: ImageSize[] = []
  for (const [i, path] of paths.entries()) {
    signal?.throwIfAborted()
    onRead?.({ path, done: i, of: paths.length })
    const found = await imageSize(path, limits)
    const isSmall = found.join() === size.join()
    if (!isSmall) odd.push(found)
    const { pixels } = await readImages([path], isSmall ? [...size, channels] : shape, limits)
    all.set(isSmall ? enlarge(pixels, size, shape) : pixels, i * inputSize(shape))
  }
  return { pixels: all, notes: shapeNotes(odd, [height, width], wantedByModel) }
}

function ofArray(path: string, read: UnlabelledSamples, wanted: InputsWanted): Inputs {
  const { inputs, inputShape, size } = read
  if (inputShape.join() !== wanted.inputShape.join()) {
    throw dataError(path, `its samples are ${inputShape.join('×')}; the model takes ${wanted.inputShape.join('×')}`)
  }
  if (inputs instanceof Uint8Array !== wanted.pixels) {
    const [has, takes] = wanted.pixels ? ['numbers', 'pixels of 8 bits'] : ['pixels of 8 bits', 'numbers']
    throw dataError(path, `holds ${has}, and the model was trained on ${takes}; save it with that dtype`)
  }
  if (size === 0) throw dataError(path, 'holds no samples')
  const { objective = classification, classes = [] } = wanted
  const answers = read.answers && answersOf(read.answers, objective, classes)
  const names = Array.from({ length: size }, (_, i) => String(i))
  return { ...samplesOf(inputs, size, names), ...(answers && { answers }) }
}

function samplesOf(read: Uint8Array | Float32Array, size: number, names: readonly string[]): Inputs {
  const inputs = read instanceof Uint8Array ? sharedPixels(read.length) : sharedNumbers(read.length)
  inputs.set(read)
  return { samples: { inputs, labels: sharedLabels(size), size }, names }
}
