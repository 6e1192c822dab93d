import { sharedPixels } from '../dataset.js'
import { type DataLimits, dataLimits } from '../limits.js'
import type { Reading } from '../reading.js'
import type { Part, Source } from '../source.js'
import type { DataSpec } from '../spec.js'
import { type DecodedImages, decodeImages, type ImageSize, imageSize } from './decode-images.js'
import { findImages, type ListedImages, type Split } from './image-folder.js'
import { readableImages } from './image-format.js'
import { counted, passedOver } from './passed-over.js'

/** The fields of the data section that decide how images are read. */
export interface ImageOptions extends Pick<DataSpec, 'imageSize' | 'channels'> {
  /** Height, width and channels of the run's images, where the options above do not say. */
  readonly agreed?: readonly number[] | undefined
}

/** So many different shapes are named; of photographs each may have its own. */
const shapesNamed = 4

/**
 * Reads a folder with one folder of images per class, or with such folders under `train/` and `test/`. All images take
 * the requested size, else the run's, else that of the first; they are grey when all of them are, and the run's are.
 */
export async function readImageFolder(
  folder: string,
  options: ImageOptions,
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): Promise<Source> {
  const { classes, parts, leftOut } = await findImages(folder, limits)
  const size = await sizeFor(parts.train.paths[0]!, options, limits)
  const decoded: [Split, ListedImages, DecodedImages][] = []
  for (const [split, listed] of Object.entries(parts) as [Split, ListedImages][]) {
    decoded.push([split, listed, await decodeImages(listed.paths, size, limits, reading)])
  }
  const all = decoded.map(([, , images]) => images)
  // Grey images are colour images too. Colours are not taken away unasked.
  const isGreyRun = options.agreed?.[2] !== 3
  const channels = options.channels ?? (isGreyRun && all.every(({ pixels }) => isGrey(pixels)) ? 1 : 3)
  const read: Partial<Record<Split, Part>> = {}
  for (const [split, { paths, labels }, { pixels }] of decoded) {
    read[split] = {
      inputs: channels === 3 ? pixels : toGrey(pixels),
      labels: Int32Array.from(labels),
      size: paths.length,
      place: sample => paths[sample]!,
    }
  }
  const sizes = all.flatMap(images => images.sizes)
  const why =
    options.imageSize !== undefined
      ? undefined
      : options.agreed === undefined
        ? ', as the first is; data.imageSize sets another size'
        : ', which the run takes'
  return {
    inputShape: [...size, channels],
    labelTexts: classes,
    train: read.train!,
    ...(read.validation && { validation: read.validation }),
    ...(read.test && { test: read.test }),
    notes: [...leftOutNotes(leftOut, sizes.length), ...pageNotes(all), ...shapeNotes(sizes, size, why)],
  }
}

/**
 * Images without labels: files by their paths, brought to the requested size and channels.
 *
 * @returns the pixels, and what is to be said of how they were read
 */
export async function readImages(
  paths: readonly string[],
  [height, width, channels]: readonly [number, number, number],
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): Promise<{ pixels: Uint8Array; notes: string[] }> {
  const images = await decodeImages(paths, [height, width], limits, reading)
  const pixels = channels === 3 ? images.pixels : toGrey(images.pixels)
  return { pixels, notes: [...pageNotes([images]), ...shapeNotes(images.sizes, [height, width], wantedByModel)] }
}

/** What is to be said of files that were not read, by their kinds. */
export function leftOutNotes(kinds: readonly string[], taken: number): string[] {
  const left = passedOver(kinds, taken)
  return left === undefined ? [] : [`${left}; images are read from ${readableImages}`]
}

/** Why all images take one size: for {@link shapeNotes}. */
export const wantedByModel = ', which the model takes'

/**
 * What is to be said of images whose proportions were changed.
 *
 * @param why - why it is this size; left out, it was requested, and that all are made smaller alike is not reported
 */
export function shapeNotes(sizes: readonly ImageSize[], [height, width]: ImageSize, why?: string): string[] {
  const shapes = sizes.map(([tall, wide]) => `of ${tall}×${wide}`)
  const isOne = shapes.every(shape => shape === shapes[0])
  if (isOne && (why === undefined || shapes.length === 0 || shapes[0] === `of ${height}×${width}`)) return []
  const images = `${sizes.length} ${sizes.length === 1 ? 'image' : 'images'} (height×width ${counted(shapes, shapesNamed)})`
  return [`${images} stretched to ${height}×${width}${why ?? ''}`]
}

function pageNotes(all: readonly DecodedImages[]): string[] {
  const several = all.reduce((sum, images) => sum + images.several, 0)
  const total = all.reduce((sum, { sizes }) => sum + sizes.length, 0)
  if (several === 0) return []
  return [`${several} of ${total} images have several pages or frames; the first of each is read`]
}

async function sizeFor(
  path: string,
  { imageSize: asked, agreed: [height, width] = [] }: ImageOptions,
  limits: DataLimits,
): Promise<ImageSize> {
  if (typeof asked === 'number') return [asked, asked]
  if (asked !== undefined) return asked
  return height === undefined || width === undefined ? imageSize(path, limits) : [height, width]
}

function isGrey(pixels: Uint8Array): boolean {
  for (let i = 0; i < pixels.length; i += 3) {
    if (pixels[i] !== pixels[i + 1] || pixels[i] !== pixels[i + 2]) return false
  }
  return true
}

/** Luma of ITU-R BT.601; a grey pixel stays what it is. */
function toGrey(colour: Uint8Array): Uint8Array {
  const grey = sharedPixels(colour.length / 3)
  for (let i = 0, from = 0; i < grey.length; i++, from += 3) {
    grey[i] = Math.round(0.299 * colour[from]! + 0.587 * colour[from + 1]! + 0.114 * colour[from + 2]!)
  }
  return grey
}
