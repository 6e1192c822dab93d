import type { Words } from '../../random.js'
import { sha256 } from '../digest.js'
import type { PeerIdStr } from '../peer-id.js'
import { keyFor, maskWith, type Pair } from './mask.js'

/*
 * Noise of which one peer of a pair adds what the other takes off (DECOR, arXiv 2405.01031; docs/privacy.md). Its random
 * words are a stream of the pair's secret, as masks are.
 */

/** The peers that add noise in a round, as one of them sees them. */
export interface NoisePeers {
  /** 32 bytes. */
  readonly runId: Uint8Array
  readonly round: number
  /** Public keys, in the order of ids. */
  readonly keys: ReadonlyMap<PeerIdStr, Uint8Array>
  /** Which two share noise, by their place in `keys`; the smaller place first, sorted. */
  readonly edges: readonly (readonly [number, number])[]
}

/**
 * All that the noise of a pair depends on beside its secret. Two peers that see other peers, other keys or other edges
 * share no noise at all: what one of them counts on is then more noise than it supposed, never less, as what does not
 * cancel hides more. And no noise is ever used for two contributions, as a key is of one process and a round is trained
 * once in it.
 */
export function noiseDigest({ runId, round, keys, edges }: NoisePeers): Uint8Array {
  const lines = [...keys].map(([peer, key]) => `${peer} ${Buffer.from(key).toString('hex')}\n`)
  return sha256('hearsay pair noise 1\n', runId, `${round}\n`, ...lines, ...edges.map(([a, b]) => `${a} ${b}\n`))
}

/** The random words of a pair's noise. */
export function pairWords(secret: Uint8Array, digest: Uint8Array, pair: Pair): Words {
  const stream = maskWith(keyFor('hearsay pair noise', secret, digest, pair))
  return into => {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
    bytes.set(stream.next(bytes.length))
  }
}
