import { shown } from './foreign.js'

/**
 * What a user, a file or a manifest can get wrong. The code is stable, for programs; the message is for people and
 * always states what to do next.
 */
export type ErrorCode =
  | 'USAGE' // a flag or its value
  | 'MANIFEST' // a field of the manifest
  | 'TOPOLOGY' // a topology that cannot be built
  | 'DATA' // a data file or what is in it
  | 'MODEL' // a model file, or a model that does not fit the data
  | 'BACKEND' // a compute backend that was requested and is not there
  | 'PARAMETERS' // a safetensors file
  | 'NETWORK' // a port in use, an address that cannot be reached
  | 'RUN' // a run that cannot go on
  | 'DIVERGED' // training whose numbers are no longer finite

/** A message that lists many columns is shorter; one that quotes a cell of a megabyte is cut to this. */
const messageLimit = 1000

/** What an error is about, beside its code: for programs, which need not read the sentence. */
export interface ErrorSubject {
  /** The file, folder or other source, as its user knows it. */
  readonly source?: string | undefined
  /** Where in the source, "line:column". */
  readonly place?: string | undefined
  /** The field of a manifest, its path joined by dots; or the flag, or the column. */
  readonly field?: string | undefined
  /** What the field or the flag was given. */
  readonly value?: string | undefined
  /** What the operating system has refused, as ENOSPC. */
  readonly system?: string | undefined
}

/**
 * A mistake that the user can mend. The command line prints its message in one line and exits with 2; every other
 * error is a bug in Hearsay and prints its stack. Whatever foreign text the message quotes, it is one line and harmless to
 * a terminal.
 *
 * ```ts
 * try {
 *   parseManifest({ rounds: 0 }, 'run.yaml')
 * } catch (error) {
 *   if (error instanceof HearsayError) console.log(error.code, error.about.field) // MANIFEST rounds
 * }
 * ```
 */
export class HearsayError extends Error {
  override readonly name = 'HearsayError'
  readonly about: ErrorSubject

  /**
   * @param problem - what is wrong and what to do: the message behind the names of source, place and field
   * @param about - what it is about, and what has caused it
   */
  constructor(
    readonly code: ErrorCode,
    readonly problem: string,
    { cause, ...about }: ErrorSubject & ErrorOptions = {},
  ) {
    const { source, place, field, value } = about
    const where = [source, place].filter(part => part !== undefined).join(':')
    const what = [field, value].filter(part => part !== undefined).join(' ')
    const message = [where, what, problem].filter(part => part !== '').join(': ')
    super(shown(message, messageLimit), cause === undefined ? undefined : { cause })
    this.about = about
  }
}

/** Is it that training diverged? What it was merged into can then be taken back, or trained with less. */
export function isDivergence(error: unknown): boolean {
  return error instanceof HearsayError && error.code === 'DIVERGED'
}

/** Adds the peer's name to a learner's error: the learner knows the peer by a number only. */
export async function whose<T>(name: string, learning: Promise<T>): Promise<T> {
  try {
    return await learning
  } catch (error) {
    if (!(error instanceof HearsayError)) throw error
    throw new HearsayError(error.code, error.message, { source: name, cause: error })
  }
}
