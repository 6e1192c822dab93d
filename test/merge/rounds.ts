import { accelerated, type ChebyshevStep, contributions, mix } from '../../src/merge/index.js'
import { random } from '../../src/random.js'
import { reserve } from '../../src/tensors/index.js'
import {
  createTopology,
  type MixingRow,
  mixingMatrix,
  type Topology,
  topologySchema,
} from '../../src/topology/index.js'

/** A topology by its kind, with the seed 1. */
export function build(kind: Parameters<(typeof topologySchema)['parse']>[0], peers: number): Topology {
  return createTopology(topologySchema.parse(kind), peers, 1)
}

/** The mixing matrix of a topology's first round. */
export function matrixOf(topology: Topology): readonly MixingRow[] {
  return mixingMatrix(topology.graphAt(0), topology.weights)
}

/** One vector per peer, uniform in [−1, 1). */
export function vectors(peers: number, length: number, seed = 1): Float32Array[] {
  return Array.from({ length: peers }, (_, peer) => {
    const rng = random(seed, 'test/vectors', peer)
    return Float32Array.from({ length }, () => 2 * rng.uniform() - 1)
  })
}

/** A copy that lies in the memory for kernels, or outside of it, `shift` numbers behind where that begins. */
export function placed(values: Float32Array, isInside: boolean, shift = 0): Float32Array {
  const bytes = (shift + values.length) * Float32Array.BYTES_PER_ELEMENT
  const { buffer, byteOffset } = isInside ? reserve(bytes) : new Uint8Array(bytes)
  const copy = new Float32Array(buffer, byteOffset + shift * Float32Array.BYTES_PER_ELEMENT, values.length)
  copy.set(values)
  return copy
}

/** All peers' gossip step, as if each were on its own: everything is received, nothing shared. */
export function step(
  matrix: readonly MixingRow[],
  models: readonly Float32Array[],
  chebyshev?: ChebyshevStep,
  previous?: readonly Float32Array[],
): Float32Array[] {
  return matrix.map((row, self) => {
    const received = new Map(row.from.map(({ peer }) => [peer, models[peer]!.slice()]))
    const plain = contributions(row, self, models[self]!, received)
    const out = new Float32Array(models[self]!.length)
    mix(out, chebyshev ? accelerated(plain, chebyshev, self, previous?.[self] ?? out) : plain)
    return out
  })
}

/** Q Chebyshev steps of all peers. */
export function chebyshevRound(
  matrix: readonly MixingRow[],
  models: readonly Float32Array[],
  steps: readonly ChebyshevStep[],
): Float32Array[] {
  let before: Float32Array[] = models.map(model => model.slice())
  let now = before
  for (const factors of steps) [before, now] = [now, step(matrix, now, factors, before)]
  return now
}

/** The bits of a vector, for comparisons that tell −0 from 0 and one NaN from another. */
export function bits(vector: Float32Array): Uint32Array {
  return new Uint32Array(vector.buffer, vector.byteOffset, vector.length)
}
