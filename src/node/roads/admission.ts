import type { RejectionReason } from '../../gossip/index.js'
import {
  createSchedule,
  drawnIn,
  type ExchangeSpec,
  endsMerged,
  finalSteps,
  type Topology,
} from '../../topology/index.js'
import type { Lockstep } from '../lockstep.js'
import type { Manifest } from '../manifest.js'
import type { Federation } from '../membership/federation.js'
import type { Beginning } from './road.js'

export interface AdmissionInit {
  readonly manifest: Pick<Manifest, 'exchange' | 'rounds' | 'mode'>
  /** Exchanges in a round. */
  readonly steps: number
  readonly lockstep?: Lockstep | undefined
}

/**
 * Whose heads are taken, of which exchanges. Bounds what a neighbour can make this peer keep.
 *
 * @param now - the peers that take part, once they are known, and the round that this peer is in
 * @returns why a head is refused, before a byte of it is read; undefined where it is taken
 */
export function createAdmission(
  { manifest, steps, lockstep }: AdmissionInit,
  now: () => { readonly begun: Beginning | undefined; readonly round: number },
): (sender: string, theirRound: number, step: number) => RejectionReason | undefined {
  const { exchange, rounds, mode } = manifest
  const schedule = createSchedule(exchange, rounds)
  // In lockstep no peer lies, and how far one may be ahead along one-way edges depends on the graph.
  const isBound = mode === 'sync' && lockstep === undefined
  let most = { round: -1, exchanges: 0 }

  /** Counted once a round, on its own graph. */
  function mostAhead(federation: Federation, round: number): number {
    if (most.round !== round) most = { round, exchanges: exchangesAhead(federation.at(round).topology, exchange) }
    return most.exchanges
  }

  return (sender, theirRound, step) => {
    if (theirRound >= rounds) return 'FUTURE_ROUND'
    const { begun, round } = now()
    const { open, federation } = begun ?? {}
    if (open?.isUnlike(sender) === true) return 'OTHER_SUMS'
    if (federation === undefined) return 'NOT_A_NEIGHBOUR'
    const ahead = schedule.exchangesBefore(theirRound) - schedule.exchangesBefore(round)
    // Before the graph of that round is asked for: the few that are held would make way for it, whoever asks.
    if (isBound && ahead > mostAhead(federation, round)) return 'FUTURE_ROUND'
    const { topology, self, members, numbers, graph } = federation.at(theirRound)
    const number = numbers.get(sender)
    if (number === undefined) return 'NOT_A_NEIGHBOUR'
    if (step < steps) {
      const isNeighbour = !topology.isSilent(theirRound, self) && graph.receivesFrom(self).includes(number)
      return isNeighbour ? undefined : 'NOT_A_NEIGHBOUR'
    }
    const isFinal = endsMerged(exchange) && theirRound === rounds - 1
    const final = isFinal ? finalSteps(members.length)[step - steps] : undefined
    if (final === undefined) return 'FUTURE_ROUND'
    return final.graph.receivesFrom(self).includes(number) ? undefined : 'NOT_A_NEIGHBOUR'
  }
}

/**
 * How many rounds with an exchange an honest neighbour may be ahead of us. Over an edge that goes both ways it needs our
 * head of each, so one; along one-way edges it depends on us over up to log₂ m edges, each a round. A little more is
 * allowed for neighbours that stopped waiting for us at a deadline. Where neighbours are drawn, rounds pass in which it
 * has none to wait for.
 */
function exchangesAhead(topology: Topology, exchange: ExchangeSpec): number {
  const { partners = 1 } = drawnIn(exchange)
  const apart = Math.min(longestApart, 1 / Math.min(1, partners))
  return Math.ceil(((topology.directed ? Math.ceil(Math.log2(topology.peers)) + 1 : 1) + 3) * apart)
}

/** Rounds between two exchanges of a pair: what a neighbour can make us keep is bounded by them. */
const longestApart = 32
