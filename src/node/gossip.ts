import { accelerated, chebyshevLambda, chebyshevSteps, contributions, localDistance, mix } from '../merge/index.js'
import { mixingMatrix, type Topology } from '../topology/index.js'
import { inSlices } from '../turns.js'
import type { PeerEvent } from './events.js'
import type { Exchange } from './exchange.js'

export interface GossipInit {
  readonly self: number
  readonly topology: Topology
  /** Exchanges in a round. */
  readonly steps: number
  /** Chebyshev instead of plain gossip steps; needs one symmetric matrix for the whole run. */
  readonly chebyshev: boolean
  readonly exchange: Exchange
}

/** Merges one peer's head with its neighbours', in place, over all gossip steps of a round. */
export type GossipRound = (
  round: number,
  head: Float32Array,
  signal: AbortSignal,
) => AsyncGenerator<PeerEvent, void, undefined>

/** The gossip part of a round: `steps` times exchange and merge (ALGORITHMS.md 4.1). */
export function createGossip({ self, topology, steps, chebyshev, exchange }: GossipInit): GossipRound {
  const factors = chebyshev ? chebyshevSteps(chebyshevLambda(topology), steps) : undefined

  return async function* gossip(round, head, signal) {
    const graph = topology.graphAt(round)
    const row = mixingMatrix(graph, topology.weights)[self]!
    // Chebyshev gossip looks back one step further than plain gossip, which merges in place.
    let before = head
    let chebyshevHolds = factors !== undefined
    let distance = 0

    for (let step = 0; step < steps; step++) {
      const startedAt = performance.now()
      const { received, absent, release } = await exchange.swap({ round, step }, head, graph, signal)
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

      const plain = contributions(row, self, head, received)
      const isLast = step + 1 === steps
      // Only another Chebyshev step asks what the head was before this one.
      const own = chebyshevHolds && !isLast ? new Float32Array(head.length) : head
      const parts = chebyshevHolds && factors ? accelerated(plain, factors[step]!, self, before) : plain
      const distances = localDistance(plain, self)
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
