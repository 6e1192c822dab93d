import { pipeline, Readable } from 'node:stream'
import * as zlib from 'node:zlib'
import type { HearsayError } from '../../errors.js'
import { sharedPixels } from '../dataset.js'
import { type DataLimits, dataError, inflatedLimit } from '../limits.js'

/** Read, and decompressed, in one piece. */
export const pieceBytes = 1 << 16

/**
 * What a gzip file holds, on shared memory: there samples stay, and are not copied once more.
 *
 * @throws {@link HearsayError} when it grows too far, or is damaged; the signal's reason
 */
export async function inflate(
  path: string,
  bytes: Uint8Array,
  limits: DataLimits,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { most } = inflatedLimit(bytes.length, limits)
  let room = sharedPixels(Math.min(declaredLength(bytes), most))
  let length = 0
  for await (const piece of inflated(path, Readable.from([bytes]), bytes.length, limits)) {
    signal?.throwIfAborted()
    if (length + piece.length > room.length) {
      const larger = sharedPixels(Math.min(2 * (length + piece.length), most))
      larger.set(room.subarray(0, length))
      room = larger
    }
    room.set(piece, length)
    length += piece.length
  }
  return room.subarray(0, length)
}

/** Its last four bytes: of what it holds, modulo 2^32, where it is one member (RFC 1952, 2.3.1). May be a lie. */
function declaredLength(bytes: Uint8Array): number {
  if (bytes.length < 4) return 0
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(bytes.length - 4, true)
}

/**
 * The same piece by piece; no more than one is held.
 *
 * @param size - of the file
 */
export async function* inflated(
  path: string,
  file: Readable,
  size: number,
  limits: DataLimits,
): AsyncGenerator<Uint8Array> {
  const { most, refusal } = inflatedLimit(size, limits)
  let grown = 0
  // An error of either is thrown below.
  const gunzip = pipeline(file, zlib.createGunzip({ chunkSize: pieceBytes }), () => {})
  try {
    for await (const piece of gunzip as AsyncIterable<Uint8Array>) {
      grown += piece.length
      if (grown > most) throw dataError(path, refusal)
      yield piece
    }
  } catch (cause) {
    throw codeOf(cause).startsWith('Z_') ? damaged(path, cause) : cause
  }
}

function damaged(path: string, cause: unknown): HearsayError {
  const what =
    codeOf(cause) === 'Z_BUF_ERROR'
      ? 'its compressed data end too early; was it cut off?'
      : 'is not valid gzip data; was it damaged, or is it not compressed?'
  return dataError(path, what, cause)
}

/** The code of a system's error, or of zlib's; '' of any other. */
export function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}
