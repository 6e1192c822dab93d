import {
  accelerated,
  type ChebyshevStep,
  chebyshevLambda,
  chebyshevSteps,
  contributions,
  localDistance,
  mix,
  type Staleness,
  staleRow,
} from '../merge/index.js'
import type { Topology } from '../topology/index.js'
import { inSlices } from '../turns.js'
import type { PeerEvent } from './events.js'
import type { Exchange } from './exchange.js'
import type { Federation } from './federation.js'
import type { Member } from './member.js'

export interface GossipInit {
  /** Of this peer, in events. */
  readonly self: number
  readonly federation: Federation
  /** Exchanges in a round. */
  readonly steps: number
  /** Chebyshev instead of plain gossip steps; needs one symmetric matrix for the whole run. */
  readonly chebyshev: boolean
  readonly exchange: Exchange
  /** How heads of other rounds count, where an exchange brings such. */
  readonly staleness: Staleness
  /** Whether peers come and go, and are to be told of. */
  readonly isOpen: boolean
}

/** Merges one peer's head with its neighbours', in place, over all gossip steps of a round. */
export type GossipRound = (
  round: number,
  head: Float32Array,
  signal: AbortSignal,
) => AsyncGenerator<PeerEvent, void, undefined>

/** The gossip part of a round: `steps` times exchange and merge (ALGORITHMS.md 4.1). */
export function createGossip({
  self,
  federation,
  steps,
  chebyshev,
  exchange,
  staleness,
  isOpen,
}: GossipInit): GossipRound {
  const computed = new WeakMap<Topology, readonly ChebyshevStep[]>()
  const factorsOf = (topology: Topology): readonly ChebyshevStep[] => {
    const factors = computed.get(topology) ?? chebyshevSteps(chebyshevLambda(topology), steps)
    computed.set(topology, factors)
    return factors
  }

  let known: readonly Member[] | undefined

  return async function* gossip(round, head, signal) {
    // For all steps of the round: who comes or goes meanwhile counts from the next one on.
    const where = federation.at(round)
    if (isOpen && where.members !== known) {
      known = where.members
      yield { type: 'members', peer: self, round, names: known.map(({ name }) => name) }
    }
    const factors = chebyshev ? factorsOf(where.topology) : undefined
    // Chebyshev gossip looks back one step further than plain gossip, which merges in place.
    let before = head
    let chebyshevHolds = factors !== undefined
    let distance = 0

    for (let step = 0; step < steps; step++) {
      const startedAt = performance.now()
      const { received, rounds, absent, release } = await exchange.swap({ round, step }, head, where, signal)
      yield {
        type: 'exchanged',
        peer: self,
        round,
        step,
        received: [...received.keys()].sort((a, b) => a - b),
        absent,
        waitSeconds: (performance.now() - startedAt) / 1000,
      }
      // Its factors assume the whole matrix: with a neighbour missing it can amplify (ALGORITHMS.md 3.2).
      if (absent.length > 0) chebyshevHolds = false

      const row = rounds === undefined ? where.row : staleRow(where.row, rounds, round, staleness)
      const plain = contributions(row, where.self, head, received)
      const isLast = step + 1 === steps
      // Only another Chebyshev step asks what the head was before this one.
      const own = chebyshevHolds && !isLast ? new Float32Array(head.length) : head
      const parts = chebyshevHolds && factors ? accelerated(plain, factors[step]!, where.self, before) : plain
      const distances = localDistance(plain, where.self)
      await inSlices(head.length, parts.length, (from, to) => {
        if (own !== head) own.set(head.subarray(from, to), from)
        if (isLast) distances.add(from, to)
        mix(head, parts, from, to)
      })
      release()
      if (isLast) distance = distances.total()
      before = own
    }
    yield { type: 'merged', peer: self, round, localDistance: distance }
  }
}
