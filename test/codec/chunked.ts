import fc from 'fast-check'
import { type Layout, layoutOf } from '../../src/tensors/index.js'
import { codecNamed } from './named.js'
import { roundTrip } from './vectors.js'

/** Two whole chunks and a short one, in tensors that begin and end elsewhere. */
export const chunked: Layout = layoutOf([
  { name: 'dense/kernel', shape: [70, 100] },
  { name: 'dense/bias', shape: [100] },
  { name: 'output/kernel', shape: [1, 1201] },
])

export const chunksOf = (values: Float32Array): Float32Array[] =>
  [0, 4096, 8192].map(start => values.subarray(start, start + 4096))

/** Of one size, of many, with equal magnitudes, with most numbers 0, with one large one. */
export const longVectors = fc
  .record({
    kind: fc.constantFrom('normal', 'wide', 'equal', 'sparse', 'peaked', 'tiny'),
    seed: fc.integer({ min: 1, max: 2 ** 31 - 2 }),
  })
  .map(({ kind, seed }) => vectorOf(kind, seed))

export function vectorOf(kind: string, seed = 1, { size }: Layout = chunked): Float32Array {
  let state = seed
  const uniform = (): number => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  const kinds: Record<string, () => number> = {
    normal,
    wide: () => normal() * 10 ** (60 * uniform() - 30),
    equal: () => (uniform() < 0.5 ? -0.25 : 0.25),
    sparse: () => (uniform() < 0.003 ? normal() : 0),
    peaked: () => (uniform() < 0.0005 ? 1e30 : normal()),
    tiny: () => (uniform() < 0.5 ? 2 ** -149 : -(2 ** -140)),
  }
  return Float32Array.from({ length: size }, kinds[kind]!)
}

export const squares = (values: Float32Array): number => values.reduce((sum, value) => sum + value ** 2, 0)

/** ‖C(v) − v‖² and ‖v‖² of each chunk. */
export function errors(name: string, values: Float32Array): { readonly error: number; readonly norm: number }[] {
  const arrived = roundTrip(codecNamed(name), values, chunked)
  return chunksOf(values).map((own, chunk) => {
    const theirs = chunksOf(arrived)[chunk]!
    return { error: squares(own.map((value, i) => theirs[i]! - value)), norm: squares(own) }
  })
}
