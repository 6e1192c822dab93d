import { createHash } from 'node:crypto'
import { inSlices } from '../turns.js'

/** SHA-256 in slices: a large head's takes a tenth of a second. */
export async function digestOf(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const hash = createHash('sha256')
  await inSlices(bytes.length, 1, (from, to) => hash.update(bytes.subarray(from, to)))
  return Uint8Array.from(hash.digest())
}

/** SHA-256 of a little, at once. */
export function sha256(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return Uint8Array.from(hash.digest())
}
