import { addressOf, pieceLength, placeIn, reservePiece, reserveScratch } from '../tensors/index.js'

/** Room in the kernel's memory for a call on up to so many vectors. */
interface Places {
  readonly addresses: Uint32Array
  /** A piece of `out`, and one of each vector. */
  readonly pieces: readonly Float32Array[]
}

const floatBytes = Float32Array.BYTES_PER_ELEMENT

let places: Places | undefined

/**
 * Calls a kernel that makes the numbers [from, to) of `out` of those of some vectors. What lies in the memory for
 * kernels is worked on there, in one call; what lies outside is copied through it piece by piece.
 *
 * @param call - is handed the address of `out`'s numbers, that of the list of the vectors' addresses, and how many numbers
 */
export function overPieces(
  out: Float32Array,
  vectors: readonly Float32Array[],
  from: number,
  to: number,
  call: (out: number, vectors: number, length: number) => void,
): void {
  if (places === undefined || places.addresses.length < vectors.length) places = createPlaces(vectors.length)
  const {
    addresses,
    pieces: [outPiece, ...pieces],
  } = places
  const isInside = [out, ...vectors].every(values => addressOf(values) !== undefined)
  const step = isInside ? to - from : pieceLength
  for (let start = from; start < to; start += step) {
    const length = Math.min(step, to - start)
    for (const [j, values] of vectors.entries()) addresses[j] = placeIn(pieces[j]!, values, start, start + length)
    const address = addressOf(out)
    const target = address === undefined ? outPiece!.byteOffset : address + start * floatBytes
    call(target, addresses.byteOffset, length)
    if (address === undefined) out.set(outPiece!.subarray(0, length), start)
  }
}

function createPlaces(vectors: number): Places {
  const { buffer, byteOffset } = reserveScratch(vectors * Uint32Array.BYTES_PER_ELEMENT)
  return {
    addresses: new Uint32Array(buffer, byteOffset, vectors),
    pieces: Array.from({ length: 1 + vectors }, reservePiece),
  }
}
