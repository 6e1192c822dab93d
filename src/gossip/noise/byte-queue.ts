/**
 * So many pieces are put together to one. What comes fast comes in pieces of 64 KiB; a stranger that sends a message
 * byte by byte must not make us keep, and look at, an object for each.
 */
const mostPieces = 64

/** Bytes that arrive in pieces of any size, taken in pieces of other sizes without being copied. */
export interface ByteQueue {
  readonly length: number
  add(bytes: Uint8Array): void
  /** The next `bytes` bytes, of those that are there: views. */
  take(bytes: number): Uint8Array[]
}

/** Creates a queue that is empty. */
export function createByteQueue(): ByteQueue {
  let pieces: Uint8Array[] = []
  let length = 0
  return {
    get length() {
      return length
    },
    add(bytes) {
      pieces.push(bytes)
      length += bytes.length
      if (pieces.length > mostPieces) pieces = [Buffer.concat(pieces)]
    },
    take(bytes) {
      const taken: Uint8Array[] = []
      length -= bytes
      for (let rest = bytes; rest > 0; ) {
        const piece = pieces[0]!
        if (piece.length > rest) {
          taken.push(piece.subarray(0, rest))
          pieces[0] = piece.subarray(rest)
          break
        }
        taken.push(piece)
        pieces.shift()
        rest -= piece.length
      }
      return taken
    },
  }
}
