import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Sharp } from 'sharp'
import { HearsayError } from '../../errors.js'
import { sharedPixels } from '../dataset.js'
import { type DataLimits, dataError, dataLimits } from '../limits.js'
import { checkSize, type Part, type Source } from '../source.js'
import type { DataSpec } from '../spec.js'
import { kindOf, listFolder, readBytes } from './file.js'

/** What of the data section tells how images are read. */
export type ImageOptions = Pick<DataSpec, 'imageSize' | 'channels'>

const imageName = /\.(png|jpe?g)$/i

/** A small file may claim a huge image: sharp refuses more pixels than this before it decodes. 100 megapixels. */
const inputPixels = 1e8

const splits = { train: ['train'], validation: ['val', 'validation', 'valid'], test: ['test'] } as const

interface Listed {
  readonly paths: string[]
  readonly labels: number[]
}

/**
 * Reads a folder with one folder of PNG or JPEG files per class, or with such folders under `train/` and `test/`. All
 * images take the size asked for, else that of the first; they are grey when all of them are.
 */
export async function readImageFolder(
  folder: string,
  names: readonly string[],
  options: ImageOptions,
  limits: DataLimits = dataLimits,
): Promise<Source> {
  const find = (split: keyof typeof splits): string | undefined =>
    names.find(name => splits[split].some(known => known === name.toLowerCase()))
  const train = find('train')
  const classes = await classFolders(train === undefined ? folder : join(folder, train))
  if (classes.length > limits.classes) {
    throw dataError(folder, `has ${classes.length} class folders; at most ${limits.classes} classes are learned`)
  }
  const lists: Partial<Record<keyof typeof splits, Listed>> = {}
  if (train === undefined) lists.train = await listImages(folder, classes, limits)
  else {
    for (const split of ['train', 'validation', 'test'] as const) {
      const name = find(split)
      if (name !== undefined) lists[split] = await listImages(join(folder, name), classes, limits)
    }
  }
  const [height, width] = await sizeOf(lists.train!.paths[0]!, options, limits)

  const colour: Partial<Record<keyof typeof splits, Uint8Array>> = {}
  for (const [split, { paths }] of Object.entries(lists)) {
    checkSize(folder, paths.length, [height, width, 3], 1, limits)
    colour[split as keyof typeof splits] = await decodeImages(paths, height, width, limits)
  }
  const channels = options.channels ?? (Object.values(colour).every(isGrey) ? 1 : 3)
  const part = (split: keyof typeof splits): Part | undefined => {
    const list = lists[split]
    const pixels = colour[split]
    if (list === undefined || pixels === undefined) return undefined
    return {
      inputs: channels === 3 ? pixels : toGrey(pixels),
      labels: Int32Array.from(list.labels),
      size: list.paths.length,
      place: sample => list.paths[sample]!,
    }
  }
  const [validation, test] = [part('validation'), part('test')]
  return {
    inputShape: [height, width, channels],
    labelTexts: classes,
    train: part('train')!,
    ...(validation && { validation }),
    ...(test && { test }),
  }
}

/** Is this the name of an image? */
export function isImage(name: string): boolean {
  return imageName.test(name)
}

/** Images without labels: files by their paths, brought to the size and the channels asked for. */
export async function readImages(
  paths: readonly string[],
  [height, width, channels]: readonly [number, number, number],
  limits: DataLimits = dataLimits,
): Promise<Uint8Array> {
  checkSize('images', paths.length, [height, width, 3], 1, limits)
  const pixels = await decodeImages(paths, height, width, limits)
  return channels === 3 ? pixels : toGrey(pixels)
}

/** Height and width of an image, turned as its camera meant it. */
export function imageSize(path: string, limits: DataLimits = dataLimits): Promise<readonly [number, number]> {
  return sizeOf(path, {}, limits)
}

/** Paths of all images in a folder and the folders in it, to a depth of 3, which is train/<class>/<image>. */
export async function imagesIn(folder: string, limits: DataLimits = dataLimits, depth = 3): Promise<string[]> {
  const found: string[] = []
  for (const name of await listFolder(folder, limits)) {
    const path = join(folder, name)
    if (isImage(name)) found.push(path)
    else if (depth > 1 && (await kindOf(path)) === 'folder') found.push(...(await imagesIn(path, limits, depth - 1)))
    if (found.length > limits.entries) throw dataError(folder, `has more than ${limits.entries} images`)
  }
  return found
}

async function classFolders(folder: string): Promise<string[]> {
  const classes: string[] = []
  for (const name of await listFolder(folder)) {
    if ((await kindOf(join(folder, name))) === 'folder') classes.push(name)
  }
  if (classes.length === 0) throw dataError(folder, 'has no folders; each class needs a folder of PNG or JPEG images')
  return classes
}

async function listImages(folder: string, classes: readonly string[], limits: DataLimits): Promise<Listed> {
  const listed: Listed = { paths: [], labels: [] }
  for (const name of await classFolders(folder)) {
    const label = classes.indexOf(name)
    if (label < 0) throw dataError(join(folder, name), `is no class of the training images: ${classes.join(', ')}`)
    const images = (await listFolder(join(folder, name), limits)).filter(file => imageName.test(file))
    if (images.length === 0) throw dataError(join(folder, name), 'has no .png, .jpg or .jpeg image')
    for (const image of images) {
      listed.paths.push(join(folder, name, image))
      listed.labels.push(label)
    }
    if (listed.paths.length > limits.entries) throw dataError(folder, `has more than ${limits.entries} images`)
  }
  return listed
}

async function sizeOf(
  path: string,
  { imageSize }: ImageOptions,
  limits: DataLimits,
): Promise<readonly [height: number, width: number]> {
  if (typeof imageSize === 'number') return [imageSize, imageSize]
  if (imageSize !== undefined) return imageSize
  const { info } = await decoded(path, limits, image => image)
  return [info.height, info.width]
}

/** Red, green, blue per pixel, for all images. Several are decoded at once: sharp works on threads of its own. */
async function decodeImages(
  paths: readonly string[],
  height: number,
  width: number,
  limits: DataLimits,
): Promise<Uint8Array> {
  const length = height * width * 3
  const pixels = sharedPixels(paths.length * length)
  let next = 0
  const decodeNext = async (): Promise<void> => {
    while (next < paths.length) {
      const at = next++
      const { data } = await decoded(paths[at]!, limits, image => image.resize(width, height, { fit: 'fill' }))
      pixels.set(data, at * length)
    }
  }
  try {
    await Promise.all(Array.from({ length: 2 * availableParallelism() }, decodeNext))
  } finally {
    // The first error stops the others.
    next = paths.length
  }
  return pixels
}

async function decoded(
  path: string,
  limits: DataLimits,
  change: (image: Sharp) => Sharp,
): Promise<{ data: Buffer; info: { width: number; height: number } }> {
  // Loaded when first needed: the native library takes 100 ms to load and only folders of images need it.
  const { default: sharp } = await import('sharp')
  const bytes = await readBytes(path, limits)
  try {
    // As a camera meant it: turned by its EXIF note, on black where transparent.
    const upright = sharp(bytes, { limitInputPixels: inputPixels, failOn: 'truncated' }).autoOrient()
    const { data, info } = await change(upright.flatten({ background: '#000' }).toColourspace('srgb'))
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    return { data: info.channels === 3 ? data : threefold(data), info }
  } catch (cause) {
    if (cause instanceof HearsayError) throw cause
    throw dataError(path, `is not a readable PNG or JPEG image (${firstLine(cause)})`, cause)
  }
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!
}

function threefold(grey: Uint8Array): Buffer {
  const pixels = Buffer.alloc(grey.length * 3)
  for (let i = 0; i < grey.length; i++) pixels.fill(grey[i]!, 3 * i, 3 * i + 3)
  return pixels
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
