import type { PeerId } from '@libp2p/interface'
import { orNothing } from '../bug.js'
import { Expert, ExpertList } from '../generated/publication.js'
import { authorOf, rawKeyOf } from '../pubsub/signed-message.js'
import type { StoredHead } from './head-store.js'
import { publicationProtocol } from './protocol.js'

const { limits } = publicationProtocol

/** A head that a peer offers. */
export interface ListedHead {
  readonly author: PeerId
  readonly rawKey: Uint8Array
  readonly round: number
  readonly digest: Uint8Array
}

/** The answer to a request for the heads that a peer has. As many as a list may have: the latest rounds first. */
export function encodeExperts(
  heads: readonly Pick<StoredHead, 'author' | 'round' | 'digest' | 'payload'>[],
): Uint8Array {
  const experts: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for (const { author, round, digest, payload } of [...heads].sort((a, b) => b.round - a.round)) {
    const expert = Expert.encode({
      author: new Uint8Array(rawKeyOf(author)!),
      round,
      digest: new Uint8Array(digest),
      payloadBytes: payload.length,
    })
    bytes += expert.length + 2
    if (bytes > limits.listBytes) break
    experts.push(expert)
  }
  return ExpertList.encode({ experts })
}

/** The heads in a list; whatever is no head of the run is left out. */
export function decodeExperts(bytes: Uint8Array, payloadBytes: number): ListedHead[] {
  if (bytes.length > limits.listBytes) return []
  const experts = orNothing(() => ExpertList.decode(bytes).experts.map(encoded => Expert.decode(encoded))) ?? []
  return experts.flatMap(expert => {
    const author = authorOf(expert.author)
    if (author === undefined || expert.digest.length !== 32 || expert.payloadBytes !== payloadBytes) return []
    return { author, rawKey: expert.author, round: expert.round, digest: expert.digest }
  })
}
