import { shown } from './foreign.js'

/**
 * What a user, a file or a manifest can get wrong. The code is stable, for programs; the message is for people and
 * always says what to do next.
 */
export type ErrorCode =
  | 'USAGE' // a flag or its value
  | 'MANIFEST' // a field of the manifest
  | 'TOPOLOGY' // a topology that cannot be built
  | 'DATA' // a data file or what is in it
  | 'MODEL' // a model file, or a model that does not fit the data
  | 'BACKEND' // a compute backend that was asked for and is not there
  | 'PARAMETERS' // a safetensors file
  | 'NETWORK' // a port in use, an address that cannot be reached
  | 'RUN' // a run that cannot go on

/** A message that lists many columns is shorter; one that quotes a cell of a megabyte is cut to this. */
const messageLimit = 1000

/**
 * A mistake that the user can mend. The command line prints its message in one line and exits with 2; every other
 * error is a bug in Hearsay and prints its stack. Whatever foreign text the message quotes, it is one line and harmless to
 * a terminal.
 */
export class HearsayError extends Error {
  override readonly name = 'HearsayError'

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(shown(message, messageLimit), options)
  }
}

/** What a learner says of a peer that it knows by a number only, with the name that people know. */
export async function whose<T>(name: string, learning: Promise<T>): Promise<T> {
  try {
    return await learning
  } catch (error) {
    if (!(error instanceof HearsayError)) throw error
    throw new HearsayError(error.code, `${name}: ${error.message}`, { cause: error })
  }
}
