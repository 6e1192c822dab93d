import { HearsayError } from '../errors.js'

/** What a learner says of a peer that it knows by a number only, with the name that people know. */
export async function whose<T>(name: string, learning: Promise<T>): Promise<T> {
  try {
    return await learning
  } catch (error) {
    if (!(error instanceof HearsayError)) throw error
    throw new HearsayError(error.code, `${name}: ${error.message}`, { cause: error })
  }
}
