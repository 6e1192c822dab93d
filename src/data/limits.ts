import { totalmem } from 'node:os'
import { HearsayError } from '../errors.js'

/** What the readers refuse to look at. Every length that a file declares is held against these before memory is taken. */
export interface DataLimits {
  /** One file on disk that is read in one piece; tables and archives are read bit by bit. */
  readonly fileBytes: number
  /** One line of a table. */
  readonly lineBytes: number
  /** What one compressed file may grow to, and what one part (train, test) may take in memory. */
  readonly inflatedBytes: number
  /**
   * How many times its size on disk a file may grow to when decompressed, once it is above `inflatedFreely`: tables and
   * images grow 2 to 20 times, a bomb 1,000 times.
   */
  readonly inflation: number
  /** So many bytes anything compressed may grow to. */
  readonly inflatedFreely: number
  /** Pixels of one image, and of all that are being decoded at a time. */
  readonly imagePixels: number
  readonly classes: number
  /** Columns of a table, inputs of a sample. */
  readonly columns: number
  /** Different texts in one categorical column: beyond this it is a name or an identifier, which must not be learned. */
  readonly categories: number
  readonly naturalPeers: number
  /** Entries in one folder or archive. */
  readonly entries: number
}

/** What this process may use: the machine's memory, or what a container gives it. */
function memoryBytes(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

export const dataLimits: DataLimits = {
  // Node reads no larger file in one piece.
  fileBytes: 2 ** 31 - 1,
  // A quote that is never closed would otherwise swallow the whole file; a line of 65,536 cells of 60 characters is shorter.
  lineBytes: 2 ** 22,
  // A part is held once while it is read, and once more where a share of it is held back for testing.
  inflatedBytes: Math.min(2 ** 31, Math.floor(memoryBytes() / 4)),
  inflation: 200,
  inflatedFreely: 2 ** 28,
  // With 16 bits and four channels a pixel takes 8 bytes, once as it comes and once as it is wanted.
  imagePixels: Math.min(1e8, Math.floor(memoryBytes() / 64)),
  classes: 4096,
  columns: 65_536,
  categories: 256,
  // Dataset.naturalPeers counts them in 16 bits.
  naturalPeers: 65_535,
  entries: 2_000_000,
}

/**
 * A mistake in a data file.
 *
 * @param source - the file, with its place where there is one: "a.csv:12"
 * @param what - what is wrong there and what is allowed
 */
export function dataError(source: string, what: string, cause?: unknown): HearsayError {
  return new HearsayError('DATA', what, { source, cause })
}

/**
 * What a compressed file may grow to, by its size on disk.
 *
 * @returns the limit, and why it is that in words that follow the file's name
 */
export function inflatedLimit(
  bytes: number,
  { inflatedBytes, inflation, inflatedFreely }: DataLimits,
): { readonly most: number; readonly refusal: string } {
  const byRatio = Math.max(inflatedFreely, inflation * bytes)
  return byRatio < inflatedBytes
    ? {
        most: byRatio,
        refusal: `grows to more than ${byRatio} bytes when decompressed, from ${bytes}; if that is right, give it uncompressed`,
      }
    : { most: inflatedBytes, refusal: `grows beyond ${inflatedBytes} bytes when decompressed; no more is read` }
}
