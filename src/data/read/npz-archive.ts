import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { type DataLimits, dataError, inflatedLimit } from '../limits.js'
import type { Reading } from '../reading.js'
import { fileError, followed, isOurs, isSystems } from './file.js'
import { type NpyArray, readNpy } from './npy.js'

/** Deflate cannot shrink data further than this; an entry that claims more lies about its size. */
const deflateRatio = 1032

/** Arrays in one archive. */
const entryLimit = 4096

/**
 * Unpacks arrays of an .npz archive (a ZIP of .npy files), each straight to where its numbers stay.
 *
 * @param choose - gets the names of all arrays, and gives back those to unpack; the others are not even read
 * @throws {@link HearsayError} when the archive or one of the arrays is damaged or too large; whatever `choose` throws
 */
export async function readArrays(
  path: string,
  choose: (names: readonly string[]) => readonly string[],
  limits: DataLimits,
  reading: Reading = {},
): Promise<Map<string, NpyArray>> {
  let zip: ZipFile | undefined
  try {
    zip = await openPromise(path, { autoClose: false, lazyEntries: true })
    const entries = await arraysIn(zip, path)
    const wanted = choose([...entries.keys()]).flatMap(name => {
      const entry = entries.get(name)
      return entry === undefined ? [] : [[name, entry] as const]
    })
    const of = checkSizes(wanted, zip.fileSize, path, limits)
    let done = 0
    const arrays = new Map<string, NpyArray>()
    for (const [name, entry] of wanted) {
      // yauzl ends the stream with an error when it is not as long as the entry claims.
      const bytes = followed(await zip.openReadStreamPromise(entry), reading, ({ length }) => {
        done += length
        return { path, done, of }
      })
      arrays.set(name, await readNpy(bytes, entry.uncompressedSize, `${path}: ${name}`, limits))
    }
    return arrays
  } catch (cause) {
    reading.signal?.throwIfAborted()
    if (isOurs(cause)) throw cause
    if (isSystems(cause)) throw fileError(path, cause)
    throw dataError(path, 'is not a readable .npz (ZIP) archive; was it cut off or damaged?', cause)
  } finally {
    zip?.close()
  }
}

async function arraysIn(zip: ZipFile, path: string): Promise<Map<string, Entry>> {
  // The directory states how many entries there are; a lie must not keep us here for 2³² turns.
  if (zip.entryCount > entryLimit) throw dataError(path, `has more than ${entryLimit} entries`)
  const arrays = new Map<string, Entry>()
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith('.npy')) arrays.set(entry.fileName.slice(0, -4), entry)
  }
  return arrays
}

/** Before anything is unpacked. @returns how many bytes will be */
function checkSizes(
  wanted: readonly (readonly [name: string, entry: Entry])[],
  fileBytes: number,
  path: string,
  limits: DataLimits,
): number {
  const { most, refusal } = inflatedLimit(fileBytes, limits)
  let total = 0
  for (const [name, { compressedSize, uncompressedSize }] of wanted) {
    total += uncompressedSize
    if (total > most) throw dataError(path, `${name}: ${refusal}`)
    if (compressedSize > fileBytes || uncompressedSize > compressedSize * deflateRatio + 64) {
      throw dataError(path, `${name}: its size cannot be true; was the archive damaged?`)
    }
  }
  return total
}
