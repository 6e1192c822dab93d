import { createCipheriv, createHash, randomFillSync, randomInt } from 'node:crypto'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'

/** One stream of random numbers. Two streams of the same seed, purpose and scope give the same numbers. */
export interface Random {
  /** A number in [0, 1) with 53 random bits; also the `source` that d3-random's distributions take. */
  uniform(): number
  /** A whole number in 0 … below − 1, each equally likely. */
  integer(below: number): number
  /** Fisher and Yates, in place. */
  shuffle<T extends number[] | Uint32Array>(values: T): T
}

/**
 * Everything random in a run comes from here, split by purpose, peer and round: what one peer draws never shifts
 * what another draws, so one seed in the manifest gives the same numbers whichever thread is first.
 *
 * @param seed - the manifest's seed
 * @param purpose - what the numbers are for, for example "batches"
 * @param scope - peer, round and whatever else splits the purpose
 */
export function random(seed: number, purpose: string, ...scope: number[]): Random {
  const digest = digestOf(seed, purpose, scope)
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map(at => digest.readInt32LE(at)))
  const integer = (below: number): number => uniformInt(generator, 0, below - 1)
  return {
    uniform: () => uniformFloat64(generator),
    integer,
    shuffle(values) {
      for (let i = values.length - 1; i > 0; i--) {
        const j = integer(i + 1)
        const held = values[i]!
        values[i] = values[j]!
        values[j] = held
      }
      return values
    },
  }
}

/** Fills an array with random words: where a step takes hundreds of thousands of numbers. */
export type Words = (into: Uint32Array<ArrayBuffer>) => void

/** A stream of words as {@link random} has one of numbers: AES in counter mode, a nanosecond each. */
export function seededWords(seed: number, purpose: string, ...scope: number[]): Words {
  const cipher = createCipheriv('aes-256-ctr', digestOf(seed, purpose, scope), new Uint8Array(16))
  return into => {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
    bytes.set(cipher.update(bytes.fill(0)))
  }
}

/** From the system's cryptographic generator: what nobody may foretell, and no seed repeats. */
export const secretWords: Words = into => void randomFillSync(into)

/** Whole numbers from the same generator. */
export const secretRandom: Pick<Random, 'integer'> = { integer: below => randomInt(below) }

/** Numbers in [0, 1) with 53 random bits, of a stream of words. */
export function uniformOf(words: Words): () => number {
  const drawn = new Uint32Array(512)
  let at = drawn.length
  return () => {
    if (at === drawn.length) {
      words(drawn)
      at = 0
    }
    const high = drawn[at++]! >>> 5
    return (high * 2 ** 26 + (drawn[at++]! >>> 6)) / 2 ** 53
  }
}

function digestOf(seed: number, purpose: string, scope: readonly number[]): Buffer {
  return createHash('sha256')
    .update([seed, purpose, ...scope].join('/'))
    .digest()
}
