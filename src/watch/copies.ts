import { reserveVector } from '../tensors/index.js'
import { createWaiters } from '../until.js'

/** Vectors to copy models into: reused, as fresh memory costs more than the copy, and limited in total size. */
export interface Copies {
  /** Gives a vector at once, whatever is held. */
  take(length: number): Float32Array
  /**
   * Gives a vector as soon as what is held stays within the limit, or `cannotWait` returns true: it is called again
   * whenever a vector is given back and at every {@link Copies.ask}.
   *
   * @throws the signal's reason
   */
  takeWithin(limitBytes: number, length: number, cannotWait: () => boolean, signal: AbortSignal): Promise<Float32Array>
  give(values: Float32Array): void
  ask(): void
  /** Lets go of the vectors that are not held. */
  clear(): void
}

/** Vectors on shared memory, that a training thread can read them. */
export function createCopies(): Copies {
  const spare: Float32Array[] = []
  const waiters = createWaiters()
  let heldBytes = 0

  function take(length: number): Float32Array {
    const place = spare.findIndex(values => values.length === length)
    const values = place < 0 ? reserveVector(length) : spare.splice(place, 1)[0]!
    heldBytes += values.byteLength
    return values
  }

  return {
    take,
    takeWithin(limitBytes, length, cannotWait, signal) {
      const fits = (): boolean => heldBytes + length * Float32Array.BYTES_PER_ELEMENT <= limitBytes
      return waiters.until(() => (fits() || cannotWait()) && take(length), signal)
    },
    give(values) {
      heldBytes -= values.byteLength
      spare.push(values)
      waiters.look()
    },
    ask: waiters.look,
    clear() {
      spare.length = 0
    },
  }
}
