import { basename, resolve } from 'node:path'
import { validate } from '../validation.js'
import {
  type Dataset,
  keepSamples,
  type Samples,
  type StandardiseRule,
  sharedLabels,
  sharedNumbers,
  sharedPixels,
  takeSamples,
} from './dataset.js'
import { toRestore } from './degrade.js'
import { checkGroups, groupNotes } from './groups.js'
import { type Classes, classesOf, classLabels } from './labels.js'
import { type DataLimits, dataError, dataLimits } from './limits.js'
import { classNotes, emptyNotes } from './notes.js'
import type { Objective } from './objective.js'
import { isCifarFolder, readCifarFolder } from './read/cifar.js'
import { kindOf, listFolder } from './read/file.js'
import { isIdxImages, readIdxFolder, readIdxPair } from './read/idx.js'
import { readImageFolder } from './read/images.js'
import { readNpz } from './read/npz.js'
import { holdsTables, isNamedTable, namedTables, tableFiles } from './read/table-files.js'
import { readTables } from './read/tables.js'
import type { Reading } from './reading.js'
import { shippedSets } from './sets.js'
import type { Part, Source } from './source.js'
import { type DataInput, type DataSpec, dataSchema } from './spec.js'
import { stratifiedSplit } from './split.js'
import { fitToTask, type Task, tableOf } from './task.js'

const readable = `.npz; tables, which end in ${namedTables}; or a folder of IDX files, of CIFAR-10 batches, of tables (.csv, .tsv, .data) or of images by class`

/** Options that only some readers follow: given to another, they are a mistake and not silently dropped. */
const tableOptions = [
  'label',
  'target',
  'unit',
  'peerColumn',
  'groupColumn',
  'test',
  'columns',
  'header',
  'decimal',
  'categorical',
  'inputShape',
] as const
const imageOptions = ['imageSize', 'channels'] as const

/**
 * Reads a data set: a shipped one by its name, or a file or folder by its path, whose format shows from what is there.
 *
 * @param data - the manifest's data section
 * @param seed - decides which samples are held back for testing, where the source has no test split
 * @param reading - ends it, and is notified of its progress
 * @throws {@link HearsayError} when it cannot be read, naming file and place
 */
export async function loadDataset(
  data: DataInput,
  seed: number,
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): Promise<Dataset> {
  return load(data, {}, seed, limits, reading)
}

/**
 * Reads a data set as the run of a task has it: see {@link fitToTask}.
 *
 * @throws {@link HearsayError} when it cannot be read, or does not fit
 */
export async function loadForTask(
  data: DataInput,
  task: Task,
  seed: number,
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): Promise<Dataset> {
  return fitToTask(await load(data, task, seed, limits, reading), task)
}

async function load(data: DataInput, task: Task, seed: number, limits: DataLimits, reading: Reading): Promise<Dataset> {
  const set = Object.hasOwn(shippedSets, data.set) ? shippedSets[data.set] : undefined
  const spec = validate(dataSchema, { ...set?.options, ...data }, 'data', 'DATA')
  const path = set?.path ?? resolve(spec.set)
  // Rows that are images and rows that are none have nothing in common that columns could tell.
  const isAlike = spec.inputShape === undefined || task.inputShape === undefined || task.inputShape.length === 3
  const source = await readSource(path, spec, isAlike ? task : {}, limits, reading)
  const name = set === undefined ? basename(path) : data.set
  return datasetOf(name, path, source, spec, task, seed, limits)
}

async function readSource(
  path: string,
  spec: DataSpec,
  task: Task,
  limits: DataLimits,
  reading: Reading,
): Promise<Source> {
  const kind = await kindOf(path)
  if (kind === undefined) {
    throw dataError(
      `data "${spec.set}"`,
      `is neither a shipped set (${Object.keys(shippedSets).join(', ')}) nor a file or folder (${path})`,
    )
  }
  const only = (allowed: readonly string[], what: string): void => {
    for (const option of [...tableOptions, ...imageOptions]) {
      if (spec[option] !== undefined && !allowed.includes(option)) {
        throw dataError(`data.${option}`, `does not apply to ${what} (${path}); remove it`)
      }
    }
  }
  if (kind === 'file') {
    const name = basename(path)
    if (isNamedTable(name)) {
      only(tableOptions, 'a table')
      return readTables(path, { ...spec, agreed: tableOf(task) }, limits, reading)
    }
    only([], 'arrays of images')
    if (/\.npz$/i.test(name)) return readNpz(path, limits, reading)
    if (isIdxImages(name)) return readIdxPair(path, limits, reading)
    throw dataError(path, `is of no known format; known are ${readable}`)
  }
  const names = await listFolder(path, limits)
  if (names.some(isIdxImages)) {
    only([], 'a folder of IDX files')
    return readIdxFolder(path, names, limits, reading)
  }
  if (isCifarFolder(names)) {
    only([], 'CIFAR-10 batches')
    return readCifarFolder(path, names, limits, reading)
  }
  if (await holdsTables(path, limits)) {
    only(tableOptions, 'a folder of tables')
    return readTables(path, { ...spec, agreed: tableOf(task) }, limits, reading)
  }
  if (names.length === 0) throw dataError(path, `is empty; known are ${readable}`)
  only(imageOptions, 'a folder of images')
  const agreed = task.inputShape?.length === 3 ? task.inputShape : undefined
  return readImageFolder(path, { ...spec, agreed }, limits, reading)
}

function datasetOf(
  name: string,
  path: string,
  source: Source,
  spec: DataSpec,
  task: Task,
  seed: number,
  limits: DataLimits,
): Dataset {
  const { superResolution: factor } = spec
  const predicts = source.train.targets !== undefined || factor !== undefined
  const classes = predicts ? oneClass(source, spec) : classesOf(source, spec.classes, path, limits, task.classes)
  const samples = (part: Part): Samples => {
    const labels = sharedLabels(part.size)
    if (!predicts) labels.set(classLabels(part, source, classes))
    const { targets, size } = part
    const read = { inputs: onSharedMemory(part.inputs), labels, size }
    if (factor !== undefined) return toRestore(read, source.inputShape, factor)
    return targets === undefined ? read : { ...read, targets: onSharedMemory(targets) }
  }
  const all = samples(source.train)
  const { peers: owners, groups } = source.train
  const common = {
    name,
    classes: classes.classes,
    inputShape: source.inputShape,
    ...(source.table && { table: source.table }),
    ...(source.validation && { validation: samples(source.validation) }),
    standardise: standardiseRule(spec, source.inputShape),
    ...(predicts && { objective: objectiveOf(factor, classes.classes[0]!) }),
  }
  const noted = (dataset: Dataset): Dataset => {
    const notes = [
      ...(source.notes ?? []),
      ...classNotes(dataset.classes, dataset.train, dataset.test),
      ...emptyNotes(dataset),
      ...groupNotes(source.train),
    ]
    return notes.length === 0 ? dataset : { ...dataset, notes }
  }
  checkGroups(source)
  if (source.test !== undefined) {
    return noted({
      ...common,
      train: all,
      test: samples(source.test),
      ...(groups && { groups, otherGroups: otherGroups(source, source.test.groups) }),
      ...(source.peers && owners && { naturalPeers: naturalPeers(source.peers, owners, source.test.peers) }),
    })
  }
  const { train, test } = stratifiedSplit(all.labels, spec.testShare, seed, { peers: owners, groups })
  if (test.length === 0) {
    throw dataError(
      path,
      `${all.size} samples${groups ? ` in ${new Set(groups).size} groups (data.groupColumn)` : ''} are too few to hold back ${spec.testShare} of them for testing; add samples or raise data.testShare`,
    )
  }
  const taken = (indices: Uint32Array): Uint16Array => Uint16Array.from(indices, sample => owners![sample]!)
  const held = takeSamples(all, test)
  return noted({
    ...common,
    train: keepSamples(all, train),
    test: held,
    ...(groups && {
      groups: Uint32Array.from(train, sample => groups[sample]!),
      otherGroups: otherGroups(
        source,
        Uint32Array.from(test, sample => groups[sample]!),
      ),
    }),
    ...(source.peers && { naturalPeers: { names: source.peers, ofTrain: taken(train), ofTest: taken(test) } }),
  })
}

function otherGroups({ validation }: Source, test: Uint32Array | undefined): NonNullable<Dataset['otherGroups']> {
  return { ...(validation?.groups && { validation: validation.groups }), ...(test && { test }) }
}

function naturalPeers(
  names: readonly string[],
  ofTrain: Uint16Array,
  ofTest: Uint16Array | undefined,
): NonNullable<Dataset['naturalPeers']> {
  return { names, ofTrain, ...(ofTest && { ofTest }) }
}

/**
 * The natural peers that the names of files tell, without reading them: each table of a folder is one.
 *
 * @returns undefined where the names tell none
 */
export async function peersByFile(
  { set, test }: DataInput,
  limits: DataLimits = dataLimits,
): Promise<string[] | undefined> {
  if (Object.hasOwn(shippedSets, set)) return undefined
  const path = resolve(set)
  if ((await kindOf(path)) !== 'folder' || !(await holdsTables(path, limits))) return undefined
  const files = await tableFiles(path, test, limits)
  const names = files.flatMap(({ part, peer }) => (part === 'train' && peer !== undefined ? [peer] : []))
  return names.length === 0 ? undefined : names
}

/** Are its samples rows of a table, and no images? Nothing is read: names tell. */
export async function isOfRows({ set, inputShape }: DataInput, limits: DataLimits = dataLimits): Promise<boolean> {
  const shipped = Object.hasOwn(shippedSets, set) ? shippedSets[set] : undefined
  if ((inputShape ?? shipped?.options.inputShape) !== undefined) return false
  const path = shipped?.path ?? resolve(set)
  if ((await kindOf(path)) === 'folder') return holdsTables(path, limits)
  return isNamedTable(basename(path))
}

/** Where numbers are to be predicted there are no classes to tell apart. */
function oneClass({ labelTexts }: Source, { superResolution, target, classes }: DataSpec): Classes {
  if (target !== undefined && (superResolution ?? classes) !== undefined) {
    const other = superResolution === undefined ? 'classes' : 'superResolution'
    throw dataError(`data.${other}`, 'does not go with data.target; remove one of the two')
  }
  return { classes: [superResolution === undefined ? labelTexts[0]! : 'image'], classOf: new Int32Array(1) }
}

/** What has no classes is of one, which is called as the number to predict. */
function objectiveOf(factor: number | undefined, target: string): Objective {
  return factor === undefined ? { kind: 'regression', target } : { kind: 'super-resolution', factor }
}

/**
 * Features have units, and what one peer has learnt of a feature is worth nothing where another measures it by another
 * spread; pixels have the same unit everywhere, and images may well be darker at one peer than at another.
 */
function standardiseRule({ standardise }: DataSpec, inputShape: readonly number[]): StandardiseRule {
  if (standardise === undefined) return inputShape.length === 1 ? 'agreed' : 'own'
  if (typeof standardise === 'string') return standardise
  return { mean: Float32Array.from(standardise.mean), std: Float32Array.from(standardise.std) }
}

function onSharedMemory(inputs: Uint8Array | Float32Array): Uint8Array | Float32Array {
  if (inputs.buffer instanceof SharedArrayBuffer) return inputs
  const shared = inputs instanceof Uint8Array ? sharedPixels(inputs.length) : sharedNumbers(inputs.length)
  shared.set(inputs)
  return shared
}
