/** The anchor that most peers have, by its digest. */
export interface VotedAnchor {
  readonly digest: Uint8Array
  /** Those of the others that have it, by number. */
  readonly peers: readonly number[]
}

/**
 * Which anchor a round goes on from: the one that at least half of the peers there have, this one among them; of two halves
 * that of the lower digest, so that two that were apart come together. So liars that are fewer never choose, also where
 * theirs is all that was heard.
 *
 * @param own - the digest of the own one
 * @param said - those of the others, by number
 * @param there - how many peers could have been heard, with this one
 * @returns undefined where there is none such
 */
export function anchorOfMost(
  own: Uint8Array,
  said: ReadonlyMap<number, Uint8Array>,
  there: number,
): VotedAnchor | undefined {
  const votes = [own, ...said.values()]
  const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
  const [digest] = votes
    .filter(one => 2 * votes.filter(other => isSame(one, other)).length >= there)
    .sort(Buffer.compare)
  return digest && { digest, peers: [...said].flatMap(([peer, other]) => (isSame(other, digest) ? [peer] : [])) }
}
