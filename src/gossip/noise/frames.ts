import { createByteQueue } from './byte-queue.js'
import { type Cipher, tagBytes } from './cipher.js'

/** Bytes of a frame's length, big-endian, which stands before the frame. */
const lengthBytes = 2

/** The longest message of Noise (noiseprotocol.org/noise.html §3), and what fits it beside the tag. */
export const maxFrameBytes = 65_535
export const maxPlaintextBytes = maxFrameBytes - tagBytes

/**
 * What the bytes look like on the wire: frames, each its length and one encrypted message.
 *
 * @param plaintext - pieces with no bytes are left out
 * @param plaintextBytes - of all pieces together
 * @returns one buffer, which is one write to a socket
 */
export function encryptFrames(
  cipher: Cipher,
  plaintext: Iterable<Uint8Array>,
  plaintextBytes: number,
): Uint8Array<ArrayBuffer> {
  const frames = Math.ceil(plaintextBytes / maxPlaintextBytes)
  const out = new Uint8Array(Buffer.allocUnsafeSlow(plaintextBytes + frames * (lengthBytes + tagBytes)).buffer)
  const waiting = createByteQueue()
  for (const piece of plaintext) waiting.add(piece)
  let at = 0
  while (waiting.length > 0) {
    const message = Math.min(waiting.length, maxPlaintextBytes)
    out[at] = (message + tagBytes) >> 8
    out[at + 1] = (message + tagBytes) & 0xff
    at = cipher.seal(waiting.take(message), out, at + lengthBytes)
  }
  return out
}

/** Puts frames together from what arrives and decrypts them, however the bytes were cut on their way. */
export interface FrameReader {
  add(bytes: Uint8Array): void
  /** Bytes that were added and not decrypted. */
  readonly waitingBytes: number
  /**
   * Decrypts every frame that is there whole.
   *
   * @returns the messages in pieces, in memory that nobody else uses
   * @throws Error for a frame too short for its tag, or one that was tampered with
   */
  decrypt(): Uint8Array[]
}

/** Creates a reader of what {@link encryptFrames} makes. */
export function createFrameReader(cipher: Cipher): FrameReader {
  const waiting = createByteQueue()
  /** Of the frame whose length was read; 0 where the next bytes are a length. */
  let frameBytes = 0
  return {
    add: waiting.add,
    get waitingBytes() {
      return waiting.length
    },
    decrypt() {
      const messages: Uint8Array[] = []
      for (;;) {
        if (frameBytes === 0) {
          if (waiting.length < lengthBytes) return messages
          frameBytes = Buffer.concat(waiting.take(lengthBytes)).readUInt16BE()
          if (frameBytes < tagBytes) throw new Error(`A frame of ${frameBytes} bytes has no room for its tag`)
        }
        if (waiting.length < frameBytes) return messages
        const ciphertext = waiting.take(frameBytes - tagBytes)
        frameBytes = 0
        messages.push(...cipher.open(ciphertext, Buffer.concat(waiting.take(tagBytes))))
      }
    },
  }
}
