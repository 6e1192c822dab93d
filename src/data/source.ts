import { inputSize } from './dataset.js'
import { type DataLimits, dataError } from './limits.js'
import type { TableSchema } from './schema.js'

/** One part of a source (train, validation or test) as a reader leaves it. */
export interface Part {
  /** Pixels or numbers, as in {@link Samples}; on any memory. */
  readonly inputs: Uint8Array | Float32Array
  /** One place in {@link Source.labelTexts} per sample. */
  readonly labels: Int32Array
  /** Numbers to predict, one a sample; all labels are then the same. */
  readonly targets?: Float32Array
  readonly size: number
  /** One place in {@link Source.peers} per sample. */
  readonly peers?: Uint16Array
  /** The group of each sample, as a number that is the same in all parts. */
  readonly groups?: Uint32Array
  /** Where sample i stands, for error messages: "a.csv:12" or "a.npz: train_labels: sample 3". */
  place(sample: number): string
}

/** What a reader found, before labels become classes and before a missing test split is cut off. */
export interface Source {
  readonly inputShape: readonly number[]
  /** Every label that may occur, in the order that the classes have unless the data section orders them. */
  readonly labelTexts: readonly string[]
  /** Names that the source itself gives its labels, one per label text. */
  readonly labelNames?: readonly string[]
  readonly train: Part
  readonly validation?: Part
  readonly test?: Part
  readonly peers?: readonly string[]
  readonly table?: TableSchema
  /** What the reader passed over, a sentence each. */
  readonly notes?: readonly string[]
}

/** Inputs alone: what a trained model is asked about. */
export interface UnlabelledSamples {
  /** Pixels or numbers, as in {@link Samples}; on any memory. */
  readonly inputs: Uint8Array | Float32Array
  readonly inputShape: readonly number[]
  readonly size: number
  /** The answers in the file, one a sample; '' where one is missing. Left out where the file has none. */
  readonly answers?: readonly string[]
}

/**
 * Labels that are whole numbers from 0, as in NPZ, IDX and CIFAR files.
 *
 * @param what - where they stand: "a.npz: train_labels"
 * @returns the labels and the largest of them
 * @throws {@link HearsayError} naming the first label that is no class index
 */
export function indexLabels(
  values: ArrayLike<number>,
  what: string,
  limits: DataLimits,
): { labels: Int32Array; largest: number } {
  const labels = new Int32Array(values.length)
  let largest = -1
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isInteger(value) || value < 0 || value >= limits.classes) {
      throw dataError(what, `sample ${i}: label ${value}; must be a whole number from 0 to ${limits.classes - 1}`)
    }
    labels[i] = value
    if (value > largest) largest = value
  }
  return { labels, largest }
}

/** "0", "1", … up to the largest label of any part. */
export function labelTextsUpTo(largest: number): string[] {
  return Array.from({ length: largest + 1 }, (_, label) => String(label))
}

/**
 * Do inputs and labels belong together?
 *
 * @throws {@link HearsayError} when a part is empty, or inputs and labels differ in number
 */
export function checkCounts(what: string, inputs: number, labels: number): void {
  if (inputs !== labels) throw dataError(what, `${inputs} samples but ${labels} labels; each sample needs one label`)
  if (inputs === 0) throw dataError(what, 'holds no samples')
}

/** Refuses a part that would not fit in memory, before anything is allocated for it. */
export function checkSize(
  what: string,
  samples: number,
  inputShape: readonly number[],
  bytesPerInput: number,
  limits: DataLimits,
): void {
  const bytes = samples * inputSize(inputShape) * bytesPerInput
  if (!(bytes <= limits.inflatedBytes)) {
    throw dataError(
      what,
      `${samples} samples of ${inputShape.join('×')} take ${bytes} bytes; at most ${limits.inflatedBytes} are read`,
    )
  }
}
