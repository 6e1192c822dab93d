import type { BackendName, LoadedBackend } from '../types.js'

/** How a backend is to start. */
export interface BackendStart {
  /** TensorFlow threads in this worker; 0 leaves it to the library. Backends without threads of their own ignore it. */
  readonly threads: number
  /**
   * It was not requested by name. Then a backend refuses what a person would not want without a request, such as a GPU
   * that a driver only pretends to have.
   */
  readonly automatic: boolean
  /** True once the thread is to end. A backend whose calls cannot be cut off from outside then makes none any more. */
  stopped(): boolean
}

/** One way to compute. */
export interface Backend {
  readonly name: BackendName
  /**
   * Makes it TensorFlow.js's backend in this thread.
   *
   * @throws {@link Unavailable} when this machine lacks something for it
   */
  start(init: BackendStart): Promise<LoadedBackend>
}

/** Why a backend does not start here, and what to do about it: each a part of a line. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'

  constructor(
    readonly reason: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${reason}; ${remedy}`, options)
  }
}

/** One line on why an optional package did not load. */
export function whyNot(packageName: string, error: unknown): string {
  if (isAbsent(packageName, error)) return `${packageName} is not installed`
  const message = error instanceof Error ? error.message : String(error)
  return `${packageName} does not load (${message.split('\n', 1)[0]})`
}

/** The package itself is not there; what it needs in turn may still be missing where it is. */
export function isAbsent(packageName: string, error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  if (error.code !== 'ERR_MODULE_NOT_FOUND' && error.code !== 'MODULE_NOT_FOUND') return false
  return error.message.includes(`'${packageName}'`)
}
