import type { Objective } from './objective.js'
import { isInput, type TableSchema } from './schema.js'

/**
 * Labelled samples, one after another. All arrays lie on shared memory, so that learner threads see the same numbers
 * without a copy.
 */
export interface Samples {
  /**
   * `size` × the product of the input shape, row-major, images as height × width × channels. A `Uint8Array` holds
   * pixels: what the model sees is value / 255. A `Float32Array` holds numbers as they are; NaN marks a missing value.
   */
  readonly inputs: Float32Array | Uint8Array
  /** One class index per sample: a place in {@link Dataset.classes}. */
  readonly labels: Int32Array
  /**
   * The numbers to predict, where that is what is learned ({@link Objective}): one a sample, or as many as the sample
   * has inputs, where the image itself is to be restored; pixels as a `Uint8Array`. All labels are then 0.
   */
  readonly targets?: Float32Array | Uint8Array
  readonly size: number
}

/** Sets whose mean and deviation are known by their name: see standardise.ts. */
export type StandardisationName = 'cifar10' | 'mnist' | 'imagenet'

/**
 * How inputs are standardised, by the manifest's data section: by what all peers agree on (agreed.ts), by each
 * peer's own samples, not, or by fixed numbers.
 */
export type StandardiseRule = 'agreed' | 'own' | 'none' | StandardisationName | Standardisation

/** What a data source holds, read and checked. */
export interface Dataset {
  readonly name: string
  readonly classes: readonly string[]
  /** [28, 28, 1] for images (height, width, channels), [13] for tables. */
  readonly inputShape: readonly number[]
  readonly train: Samples
  readonly validation?: Samples
  readonly test: Samples
  /** The peer that a sample comes from, where the source names it: a file, or a column of a table. */
  readonly naturalPeers?: {
    readonly names: readonly string[]
    /** One place in `names` per training sample. */
    readonly ofTrain: Uint16Array
    /** One place in `names` per test sample; absent when the source's own test split does not say. */
    readonly ofTest?: Uint16Array
  }
  /** One number per training sample: those of one are of one group, and never at two peers that are dealt to. */
  readonly groups?: Uint32Array
  /** The same of each sample that is not trained on, by the same numbers: no group is in two parts. */
  readonly otherGroups?: { readonly validation?: Uint32Array; readonly test?: Uint32Array }
  /** Of a table: which column became which inputs. */
  readonly table?: TableSchema
  /** What its reading passed over and what its owner may not expect, a sentence each: commands show them on stderr. */
  readonly notes?: readonly string[]
  /** @default classification */
  readonly objective?: Objective
  /** @default 'agreed' for features, 'own' for images */
  readonly standardise?: StandardiseRule
}

/** The model sees (value − mean) / std; one entry per channel for images, per feature for tables. */
export interface Standardisation {
  readonly mean: Float32Array
  readonly std: Float32Array
  /**
   * Where a number is learned: the model puts out (target − mean) / std, with the same two at every peer, or what one
   * has learnt would mean something else at another.
   */
  readonly target?: { readonly mean: number; readonly std: number }
}

/** What one peer owns. */
export interface Shard {
  readonly name: string
  readonly samples: Samples
  readonly standardisation: Standardisation
  /** What all peers have in common, whatever is left out at this one; nothing where each standardises by its own. */
  readonly common?: Standardisation
  /** What its owner is to know of that, a sentence each. */
  readonly notes: readonly string[]
}

/** How many numbers one sample has. */
export function inputSize(inputShape: readonly number[]): number {
  return inputShape.reduce((product, length) => product * length, 1)
}

/**
 * What each entry of a {@link Standardisation} is called: a column; of categories the column with the category; where
 * there are no names "input 3", and of images "channel 3".
 */
export function inputNames({
  table,
  inputShape,
}: Pick<Dataset, 'table' | 'inputShape'>): { readonly name: string; readonly isCategory: boolean }[] {
  const isImage = inputShape.length > 1
  if (table === undefined || isImage) {
    const what = isImage ? 'channel' : 'input'
    return Array.from({ length: channelsOf(inputShape) }, (_, i) => ({ name: `${what} ${i + 1}`, isCategory: false }))
  }
  return table.columns.filter(isInput).flatMap(column => {
    const isCategory = column.kind === 'category'
    const names = isCategory ? column.values.map(value => `${column.name}=${value}`) : [column.name]
    return names.map(name => ({ name, isCategory }))
  })
}

/** Channels of an image, features of a table: how many entries a {@link Standardisation} has. */
export function channelsOf(inputShape: readonly number[]): number {
  return inputShape.at(-1) ?? 1
}

/** Zeroed pixels on shared memory. */
export function sharedPixels(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length))
}

/** Zeroed numbers on shared memory. */
export function sharedNumbers(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT))
}

/** Zeroed class indices on shared memory. */
export function sharedLabels(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT))
}

/** The chosen samples, copied to shared memory of their own, in the order of `indices`. */
export function takeSamples(samples: Samples, indices: Uint32Array): Samples {
  const length = samples.size === 0 ? 0 : samples.inputs.length / samples.size
  const labels = sharedLabels(indices.length)
  for (let i = 0; i < indices.length; i++) labels[i] = samples.labels[indices[i]!]!
  const { targets } = samples
  return {
    inputs: takeRows(samples.inputs, length, indices),
    labels,
    ...(targets && { targets: takeRows(targets, targets.length / Math.max(1, samples.size), indices) }),
    size: indices.length,
  }
}

/**
 * The same in place, so that what may fill most of the memory is not there twice. The samples given must not be used any
 * more.
 *
 * @param indices - ascending
 */
export function keepSamples(samples: Samples, indices: Uint32Array): Samples {
  const { inputs, labels, targets, size } = samples
  return {
    inputs: keepRows(inputs, size, indices),
    labels: keepRows(labels, size, indices),
    ...(targets && { targets: keepRows(targets, size, indices) }),
    size: indices.length,
  }
}

function keepRows<T extends Float32Array | Uint8Array | Int32Array>(rows: T, size: number, indices: Uint32Array): T {
  const length = size === 0 ? 0 : rows.length / size
  // Each goes to a place before its own, which was left already.
  for (let i = 0; i < indices.length; i++) {
    rows.copyWithin(i * length, indices[i]! * length, (indices[i]! + 1) * length)
  }
  return rows.subarray(0, indices.length * length) as T
}

function takeRows(rows: Float32Array | Uint8Array, length: number, indices: Uint32Array): Float32Array | Uint8Array {
  const total = indices.length * length
  const taken = rows instanceof Uint8Array ? sharedPixels(total) : sharedNumbers(total)
  for (let i = 0; i < indices.length; i++) {
    taken.set(rows.subarray(indices[i]! * length, (indices[i]! + 1) * length), i * length)
  }
  return taken
}
