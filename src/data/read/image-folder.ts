import { join } from 'node:path'
import { type DataLimits, dataError, dataLimits } from '../limits.js'
import { type Entry, listEntries } from './file.js'
import { isImage, readableImages } from './image-format.js'
import { kindOfFile } from './passed-over.js'

/** The parts of a data set, by the folders that hold them. */
export type Split = 'train' | 'validation' | 'test'

const splits: Readonly<Record<Split, readonly string[]>> = {
  train: ['train', 'training'],
  validation: ['val', 'validation', 'valid'],
  test: ['test', 'testing'],
}

/** The images of one part, class by class. */
export interface ListedImages {
  readonly paths: string[]
  /** A place in {@link ImageFolder.classes} each. */
  readonly labels: number[]
}

/** What a folder of images by class holds. */
export interface ImageFolder {
  readonly classes: readonly string[]
  readonly parts: Readonly<Partial<Record<Split, ListedImages>>> & { readonly train: ListedImages }
  /** The kind of each file, or folder, that holds no image of any class. */
  readonly leftOut: readonly string[]
}

/**
 * Looks through a folder with one folder of images per class, or with such folders under `train/` and `test/`.
 *
 * @throws {@link HearsayError} `DATA` when there are no classes, or one has files and no image among them
 */
export async function findImages(folder: string, limits: DataLimits = dataLimits): Promise<ImageFolder> {
  const entries = await listEntries(folder, limits)
  const found = foldersOf(entries)
  const splitFolder = (split: Split): string | undefined =>
    found.find(name => splits[split].includes(name.toLowerCase()))
  const train = splitFolder('train')
  const leftOut: string[] = []
  if (train === undefined) {
    const alone = splitFolder('validation') ?? splitFolder('test')
    // Its images would be taken for one more class.
    if (alone !== undefined) throw dataError(folder, `has a folder ${alone} but no folder train; name that one train`)
    const { classes, listed } = await listClasses(folder, entries, leftOut, limits)
    return { classes, parts: { train: listed }, leftOut }
  }
  const parts: Partial<Record<Split, ListedImages>> = {}
  let classes: readonly string[] = []
  for (const split of ['train', 'validation', 'test'] as const) {
    const name = splitFolder(split)
    if (name === undefined) continue
    const path = join(folder, name)
    const part = await listClasses(path, await listEntries(path, limits), leftOut, limits, classes)
    if (split === 'train') classes = part.classes
    parts[split] = part.listed
  }
  const used = [splitFolder('train'), splitFolder('validation'), splitFolder('test')]
  leftOut.push(...entries.filter(({ name }) => !used.includes(name)).map(kindOf('beside train')))
  return { classes, parts: { ...parts, train: parts.train! }, leftOut }
}

/** Paths of all images in a folder and the folders in it, to a depth of 3, which is train/<class>/<image>. */
export async function imagesIn(
  folder: string,
  limits: DataLimits = dataLimits,
  depth = 3,
): Promise<{ paths: string[]; leftOut: string[] }> {
  const paths: string[] = []
  const leftOut: string[] = []
  for (const entry of await listEntries(folder, limits)) {
    const path = join(folder, entry.name)
    if (entry.kind === 'folder' && depth > 1) {
      const within = await imagesIn(path, limits, depth - 1)
      paths.push(...within.paths)
      leftOut.push(...within.leftOut)
    } else if (holdsImage(entry)) paths.push(path)
    else leftOut.push(kindOf('deeper than 3')(entry))
    if (paths.length > limits.entries) throw dataError(folder, `has more than ${limits.entries} images`)
  }
  return { paths, leftOut }
}

/**
 * The images in the folders of the classes.
 *
 * @param known - the classes of the training images; left out or empty, these are the classes
 */
async function listClasses(
  folder: string,
  entries: readonly Entry[],
  leftOut: string[],
  limits: DataLimits,
  known: readonly string[] = [],
): Promise<{ classes: readonly string[]; listed: ListedImages }> {
  const names = foldersOf(entries)
  const classes = known.length === 0 ? names : known
  if (classes.length === 0) {
    const images = entries.filter(({ name }) => isImage(name)).length
    const but = images === 0 ? '' : ` but ${images} image${images === 1 ? '' : 's'}`
    throw dataError(folder, `has no folders${but}; each class needs a folder of its images (${readableImages})`)
  }
  if (classes.length > limits.classes) {
    throw dataError(folder, `has ${classes.length} class folders; at most ${limits.classes} classes are learned`)
  }
  const listed: ListedImages = { paths: [], labels: [] }
  for (const name of names) {
    const label = classes.indexOf(name)
    const path = join(folder, name)
    if (label < 0) throw dataError(path, `is no class of the training images: ${classes.join(', ')}`)
    const inside = await listEntries(path, limits)
    const images = inside.filter(holdsImage)
    if (images.length === 0 && inside.length > 0) throw noImages(path, inside)
    for (const image of images) {
      listed.paths.push(join(path, image.name))
      listed.labels.push(label)
    }
    if (listed.paths.length > limits.entries) throw dataError(folder, `has more than ${limits.entries} images`)
    leftOut.push(...inside.filter(entry => !holdsImage(entry)).map(kindOf('within a class')))
  }
  if (listed.paths.length === 0) throw dataError(folder, 'has class folders, and all of them are empty')
  leftOut.push(...entries.filter(({ kind }) => kind !== 'folder').map(kindOf('beside the classes')))
  return { classes, listed }
}

/** Folders within it are classes, or parts, of their own: which, only a person can say. */
function noImages(path: string, inside: readonly Entry[]): Error {
  const folders = foldersOf(inside)
  if (folders.length > 0) {
    const shown = folders.slice(0, 4).join(', ')
    return dataError(path, `has no images but folders (${shown}); the folders of the path given must be the classes`)
  }
  const kinds = [...new Set(inside.map(kindOf('')))].slice(0, 4).join(', ')
  return dataError(path, `has no image that can be read, only ${kinds}; read are ${readableImages}`)
}

function foldersOf(entries: readonly Entry[]): string[] {
  return entries.filter(({ kind }) => kind === 'folder').map(({ name }) => name)
}

function holdsImage({ name, kind }: Entry): boolean {
  return kind === 'file' && isImage(name)
}

/** What is left out, in words: files by their endings, an image or a folder by its place. */
function kindOf(place: string): (entry: Entry) => string {
  return entry => {
    if (entry.kind === 'folder') return `folder ${place}`
    if (entry.kind === 'neither') return 'neither file nor folder'
    return holdsImage(entry) ? `image ${place}` : kindOfFile(entry.name)
  }
}
