import type { PeerId } from '@libp2p/interface'
import { equals } from 'uint8arrays/equals'
import { authorOf, encodeSigned } from '../pubsub/signed-message.js'
import type { HeadAnswers } from '../state/server.js'
import { encodeExperts } from './expert-list.js'
import type { HeadStore } from './head-store.js'
import type { OwnHead } from './own-head.js'

/** Answers requests for published heads with those that are stored, and our own. */
export function createHeadAnswers(
  self: PeerId,
  topic: string,
  store: Pick<HeadStore, 'head' | 'heads' | 'withDigest'>,
  own: () => OwnHead | undefined,
): HeadAnswers {
  return {
    experts() {
      const ours = own()
      const heads = [...(ours === undefined ? [] : [{ ...ours, author: self, payload: ours.bytes }]), ...store.heads()]
      return heads.length === 0 ? undefined : encodeExperts(heads)
    },
    async expert(rawKey) {
      const author = authorOf(rawKey)
      if (author === undefined) return undefined
      const signed = author.equals(self) ? await own()?.signed() : store.head(author.toString())?.signed
      return signed && encodeSigned(signed, topic)
    },
    payload(digest) {
      const ours = own()
      if (ours !== undefined && equals(ours.digest, digest)) return ours
      const head = store.withDigest(digest)
      return head && { bytes: head.payload, digest: head.digest, round: head.round }
    },
  }
}
