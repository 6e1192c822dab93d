/**
 * Is it a mistake in a program, ours or a library's? What peers, networks and signals do arrives as plain errors with a
 * name or a code; bytes that cannot be decoded as those or as range errors.
 */
export function isBug(error: unknown): boolean {
  // Node gives its own errors a code: a TypeError for a malformed address of a stranger is no bug of ours.
  return error instanceof ReferenceError || (error instanceof TypeError && !('code' in error))
}

/** For the `catch` of work that a peer or a network may let fail: rethrows an error that is a bug. */
export function throwBug(error: unknown): void {
  if (isBug(error)) throw error
}

/**
 * The same for work that nobody awaits. A bug is shown as a warning of the process, with its stack: a stranger's bytes
 * that trigger one must not end the peer.
 */
export function warnOfBug(error: unknown): void {
  if (isBug(error)) process.emitWarning(error as Error)
}

/** What a decoder makes of a stranger's bytes; `undefined` where they cannot be decoded. */
export function orNothing<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    throwBug(error)
    return undefined
  }
}
