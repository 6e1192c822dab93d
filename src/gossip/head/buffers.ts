/**
 * Memory for heads on their way out and in, used again and again. Fresh memory of that size costs more than the copy
 * into it, and what is thrown away stays until the garbage collector, which stops the network thread, comes round.
 */
export interface Buffers {
  /** As many bytes, with whatever was in them. */
  take(bytes: number): Uint8Array<ArrayBuffer>
  /** The caller must not use the buffer after that. */
  give(buffer: Uint8Array<ArrayBuffer>): void
  /** Lets go of those that are not in use. */
  clear(): void
}

/**
 * Peers of one process that share theirs need as many as are on their way at a time, not as many as there are peers.
 */
export function createBuffers(): Buffers {
  const spare: Uint8Array<ArrayBuffer>[] = []
  return {
    take(bytes) {
      const place = spare.findIndex(({ length }) => length === bytes)
      return place < 0 ? new Uint8Array(bytes) : spare.splice(place, 1)[0]!
    },
    give(buffer) {
      spare.push(buffer)
    },
    clear() {
      spare.length = 0
    },
  }
}
