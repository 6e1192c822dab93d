import { setImmediate } from 'node:timers/promises'
import { accelerated, chebyshevLambda, chebyshevSteps, contributions, localDistance, mix } from '../merge/index.js'
import { mixingMatrix, type Topology } from '../topology/index.js'
import type { PeerEvent } from './events.js'
import type { Exchange } from './exchange.js'

/**
 * How many numbers are merged before the event loop has its turn: at 2 GB/s this is well under a millisecond,
 * so the network answers while a large model is merged.
 */
export const mergeSlice = 1 << 17

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
      const { received, absent } = await exchange.swap({ round, step }, head, graph, signal)
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
      distance = 0
      await inSlices(head.length, (from, to) => {
        distance += localDistance(plain, self, from, to)
      })
      const own = chebyshevHolds && step + 1 < steps ? head.slice() : head
      const parts = chebyshevHolds && factors ? accelerated(plain, factors[step]!, self, before) : plain
      await inSlices(head.length, (from, to) => mix(head, parts, from, to))
      before = own
    }
    yield { type: 'merged', peer: self, round, localDistance: distance }
  }
}

async function inSlices(length: number, work: (from: number, to: number) => void): Promise<void> {
  for (let from = 0; from < length; from += mergeSlice) {
    if (from > 0) await setImmediate()
    work(from, Math.min(from + mergeSlice, length))
  }
}
