import { HearsayError } from '../errors.js'

/** What the readers refuse to look at. Every length that a file declares is held against these before memory is taken. */
export interface DataLimits {
  /** One file on disk. */
  readonly fileBytes: number
  /** What one compressed file may grow to, and what one part (train, test) may take in memory. */
  readonly inflatedBytes: number
  readonly classes: number
  /** Columns of a table, inputs of a sample. */
  readonly columns: number
  /** Different texts in one categorical column: beyond this it is a name or an identifier, which must not be learned. */
  readonly categories: number
  readonly naturalPeers: number
  /** Entries in one folder or archive. */
  readonly entries: number
}

export const dataLimits: DataLimits = {
  // Node reads no larger file in one piece.
  fileBytes: 2 ** 31 - 1,
  inflatedBytes: 2 ** 31,
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
  return new HearsayError('DATA', `${source}: ${what}`, cause === undefined ? undefined : { cause })
}
