import { reserve } from '../../tensors/index.js'

/**
 * Memory for heads on their way out and in, used again and again. Fresh memory of that size costs more than the copy
 * into it, and what is thrown away stays until the garbage collector, which stops the network thread, comes round.
 */
export interface Buffers {
  /** As many bytes to send, with whatever was in them. */
  take(bytes: number): Uint8Array<ArrayBuffer>
  /** The same in the memory for kernels, for a head that arrives and is to be merged. */
  takeForHead(bytes: number): Uint8Array<SharedArrayBuffer>
  /**
   * Takes back what was taken. The caller must not use it after that.
   *
   * @param used - any view on it; of what was not taken here, or was given back before, nothing is kept
   */
  give(used: ArrayBufferView): void
  /** Lets go of those that are not in use. */
  clear(): void
}

/**
 * Peers of one process that share theirs need as many as are on their way at a time, not as many as there are peers.
 */
export function createBuffers(): Buffers {
  const toSend = createSpare(bytes => new Uint8Array(bytes))
  const arriving = createSpare(reserve)
  return {
    take: toSend.take,
    takeForHead: arriving.take,
    give(used) {
      toSend.give(used)
      arriving.give(used)
    },
    clear() {
      toSend.clear()
      arriving.clear()
    },
  }
}

interface Spare<B extends ArrayBufferLike> {
  take(bytes: number): Uint8Array<B>
  give(used: ArrayBufferView): void
  clear(): void
}

function createSpare<B extends ArrayBufferLike>(fresh: (bytes: number) => Uint8Array<B>): Spare<B> {
  const spare: Uint8Array<B>[] = []
  /** What is in use, by what all views on it have in common. */
  const used = new WeakMap<ArrayBufferLike, Uint8Array<B>>()
  return {
    take(bytes) {
      const place = spare.findIndex(({ length }) => length === bytes)
      const taken = place < 0 ? fresh(bytes) : spare.splice(place, 1)[0]!
      used.set(taken.buffer, taken)
      return taken
    },
    give({ buffer }) {
      const given = used.get(buffer)
      if (given !== undefined) spare.push(given)
      used.delete(buffer)
    },
    clear() {
      spare.length = 0
    },
  }
}
