import type { Metadata, Sharp } from 'sharp'
import { sharedPixels } from '../dataset.js'
import { type DataLimits, dataError, dataLimits } from '../limits.js'
import type { Reading } from '../reading.js'
import { checkSize } from '../source.js'
import { readBytes } from './file.js'
import { refusalOf } from './image-format.js'
import { createRoom } from './room.js'

/** Decoded at once: sharp works on the four threads of libuv, and as many files are read meanwhile. */
const atOnce = 8

/** [height, width]. */
export type ImageSize = readonly [height: number, width: number]

/** Images brought to one size. */
export interface DecodedImages {
  /** Red, green, blue per pixel, on shared memory. */
  readonly pixels: Uint8Array
  /** What each was before, in the order of the paths. */
  readonly sizes: readonly ImageSize[]
  /** How many hold several pages or frames, of which the first was read. */
  readonly several: number
}

/** Reads files and brings each to `height` × `width`. @throws the signal's reason */
export async function decodeImages(
  paths: readonly string[],
  [height, width]: ImageSize,
  limits: DataLimits = dataLimits,
  { signal, onRead }: Reading = {},
): Promise<DecodedImages> {
  checkSize('images', paths.length, [height, width, 3], 1, limits)
  const length = height * width * 3
  const pixels = sharedPixels(paths.length * length)
  const sizes: ImageSize[] = new Array(paths.length)
  let several = 0
  const room = createRoom(limits.imagePixels)
  let next = 0
  let done = 0
  const decodeNext = async (): Promise<void> => {
    while (next < paths.length) {
      signal?.throwIfAborted()
      const at = next++
      const { image, size, pages } = await opened(paths[at]!, limits)
      sizes[at] = size
      if (pages > 1) several++
      const own = size[0] * size[1]
      await room.take(own)
      try {
        pixels.set(await decoded(image.resize(width, height, { fit: 'fill' }), paths[at]!), at * length)
      } finally {
        room.give(own)
      }
      onRead?.({ path: paths[at]!, done: ++done, of: paths.length })
    }
  }
  try {
    await Promise.all(Array.from({ length: atOnce }, decodeNext))
  } finally {
    // The first error stops the others.
    next = paths.length
  }
  return { pixels, sizes, several }
}

/** Height and width of an image, turned as its camera meant it. */
export async function imageSize(path: string, limits: DataLimits = dataLimits): Promise<ImageSize> {
  return (await opened(path, limits)).size
}

/** Its header only: nothing is decoded yet. */
async function opened(path: string, limits: DataLimits): Promise<{ image: Sharp; size: ImageSize; pages: number }> {
  // Loaded when first needed: the native library takes 100 ms to load and only folders of images need it.
  const { default: sharp } = await import('sharp')
  const bytes = await readBytes(path, limits)
  const refusal = refusalOf(bytes)
  if (refusal !== undefined) throw dataError(path, refusal)
  // A small file may claim a huge image: sharp refuses it before it decodes.
  const image = sharp(bytes, { limitInputPixels: limits.imagePixels, failOn: 'truncated' })
  let about: Metadata
  try {
    about = await image.metadata()
  } catch (cause) {
    if (cause instanceof Error && /exceeds pixel limit/.test(cause.message)) {
      throw dataError(path, `has more than ${limits.imagePixels} pixels; make it smaller`, cause)
    }
    throw unreadable(path, cause)
  }
  // Of 8 and 16 bits it is known what is black and what is white; other numbers would be cut at 0 and 255.
  if (about.depth !== 'uchar' && about.depth !== 'ushort') {
    throw dataError(
      path,
      `has samples of type ${about.depth}; save it with 8 or 16 bits a sample, or all images as .npz`,
    )
  }
  // As a camera meant it: turned by its EXIF note, on black where transparent.
  const upright = image.autoOrient().flatten({ background: '#000' }).toColourspace('srgb')
  return { image: upright, size: [about.autoOrient.height, about.autoOrient.width], pages: about.pages ?? 1 }
}

async function decoded(image: Sharp, path: string): Promise<Uint8Array> {
  try {
    const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    return info.channels === 3 ? data : threefold(data)
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): Error {
  const said = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!
  return dataError(path, `is damaged or cannot be read as an image (${said})`, cause)
}

function threefold(grey: Uint8Array): Buffer {
  const pixels = Buffer.alloc(grey.length * 3)
  for (let i = 0; i < grey.length; i++) pixels.fill(grey[i]!, 3 * i, 3 * i + 3)
  return pixels
}
