import { createHash } from 'node:crypto'
import { byCodeUnits } from './view.js'

/**
 * The order in which peers are asked to take part in a round: by SHA-256(id ‖ "-" ‖ round), as bytes (MoDeST, arXiv
 * 2302.13837; its code has MD5). Peers that know of the same ones compute the same order without a word (P23), and over
 * many rounds each comes first equally often.
 */
export function orderOf(peers: readonly string[], round: number): string[] {
  return peers
    .map(peer => ({ peer, hash: createHash('sha256').update(`${peer}-${round}`).digest('hex') }))
    .sort((a, b) => byCodeUnits(a.hash, b.hash))
    .map(({ peer }) => peer)
}

/**
 * The first of an order that answer: as many are asked at once as are still wanted, and each that does not answer is
 * replaced by the next. Which they are depends on who answers, and not on how fast.
 *
 * @param ask - resolves with whether it answers
 * @returns in their order; fewer than wanted where no more answer
 */
export async function firstToAnswer(
  order: readonly string[],
  wanted: number,
  ask: (peer: string) => Promise<boolean>,
): Promise<string[]> {
  const answered: string[] = []
  let next = 0
  while (answered.length < wanted && next < order.length) {
    const asked = order.slice(next, next + wanted - answered.length)
    next += asked.length
    const answers = await Promise.all(asked.map(ask))
    answered.push(...asked.filter((_, at) => answers[at]))
  }
  return answered
}
