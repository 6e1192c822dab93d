import {
  accelerated,
  type ChebyshevStep,
  chebyshevLambda,
  chebyshevSteps,
  contributions,
  localDistance,
  type Staleness,
  staleRow,
} from '../merge/index.js'
import type { Topology } from '../topology/index.js'
import type { Believing, PartsOf } from './believing.js'
import type { Disbelief, PeerEvent } from './events.js'
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
  readonly believing: Believing
  /** How heads of other rounds count, where an exchange brings such. */
  readonly staleness: Staleness
  /** Whether peers come and go, and are to be told of. */
  readonly isOpen: boolean
  /** Of a run that goes on: the head as it was before the last round's merges. @default there were none */
  readonly before?: Float32Array | undefined
  /** Told of each head that is refused. Must not throw. */
  readonly onRefused?: (reason: Disbelief) => void
}

/** The gossip part of rounds. */
export interface Gossip {
  /** Merges one peer's head with its neighbours', in place, over all gossip steps of a round. */
  readonly round: (round: number, head: Float32Array, signal: AbortSignal) => AsyncGenerator<PeerEvent, void, undefined>
  /**
   * Puts the head back to what it was before the last round's merges, for when it turns out that it cannot be trained:
   * the next round merges nothing, and calls all who come refused.
   *
   * @returns whether there was a merge to take back
   */
  undo(head: Float32Array): boolean
  /** The head was this before it was replaced by another's: `undo` puts it back, as after a merge. Kept as it is. */
  replaced(before: Float32Array): void
  /** What `undo` would put back, where it would; until the next round it stays as it is. */
  before(): Float32Array | undefined
}

/** The gossip part of a round: `steps` times exchange and merge (ALGORITHMS.md 4.1). */
export function createGossip(init: GossipInit): Gossip {
  const { self, federation, steps, chebyshev, exchange, believing, staleness, isOpen } = init
  const computed = new WeakMap<Topology, readonly ChebyshevStep[]>()
  const factorsOf = (topology: Topology): readonly ChebyshevStep[] => {
    const factors = computed.get(topology) ?? chebyshevSteps(chebyshevLambda(topology), steps)
    computed.set(topology, factors)
    return factors
  }

  let known: readonly Member[] | undefined
  /** The head before the round's first merge, and by turns before the others: Chebyshev gossip looks back two steps. */
  const before: Float32Array[] = init.before === undefined ? [] : [init.before.slice()]
  const beforeStep = (step: number, length: number): Float32Array => {
    const place = step === 0 ? 0 : 1 + (step % 2)
    before[place] ??= new Float32Array(length)
    return before[place]
  }
  let hasMerged = init.before !== undefined
  let isTakenBack = false

  async function* gossip(
    round: number,
    head: Float32Array,
    signal: AbortSignal,
  ): AsyncGenerator<PeerEvent, void, undefined> {
    // For all steps of the round: who comes or goes meanwhile counts from the next one on.
    const where = federation.at(round)
    if (isOpen && where.members !== known) {
      known = where.members
      yield { type: 'members', peer: self, round, names: known.map(({ name }) => name) }
    }
    const factors = chebyshev ? factorsOf(where.topology) : undefined
    let chebyshevHolds = factors !== undefined
    let distance = 0
    const distrusted = new Set<number>()
    hasMerged = false

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
      const row = rounds === undefined ? where.row : staleRow(where.row, rounds, round, staleness)
      const heads = new Map([...received].filter(([peer]) => !isTakenBack && !distrusted.has(peer)))
      // Its factors assume the whole matrix: with a neighbour missing it can amplify (ALGORITHMS.md 3.2).
      const isWhole = (merged: number): boolean => absent.length === 0 && merged === received.size
      const plainOf: PartsOf = (own, believed) => contributions(row, where.self, own, believed)
      const fasterOf: PartsOf = (own, believed) => {
        const earlier = step === 0 ? own : beforeStep(step - 1, head.length)
        const plain = plainOf(own, believed)
        return isWhole(believed.size) ? accelerated(plain, factors![step]!, where.self, earlier) : plain
      }
      const { refused, squares, isPlain } = await believing.merge(
        {
          head,
          own: beforeStep(step, head.length),
          heads,
          ...(chebyshevHolds ? { partsOf: fasterOf, plainOf } : { partsOf: plainOf }),
        },
        signal,
      )
      release()
      chebyshevHolds &&= !isPlain && isWhole(squares.size)
      hasMerged ||= squares.size > 0
      distance = localDistance(row, squares)
      const named = [
        ...refused,
        ...(isTakenBack ? [...received.keys()].map(peer => ({ peer, reason: 'DIVERGED' as const })) : []),
      ].map(head => ({ ...head, name: where.members[head.peer]!.name }))
      for (const { peer, reason } of named) {
        distrusted.add(peer)
        init.onRefused?.(reason)
      }
      if (named.length > 0) yield { type: 'refused', peer: self, round, step, heads: named }
    }
    isTakenBack = false
    yield { type: 'merged', peer: self, round, localDistance: distance }
  }

  return {
    round: gossip,
    undo(head) {
      if (!hasMerged) return false
      hasMerged = false
      isTakenBack = true
      head.set(before[0]!)
      return true
    },
    replaced(own) {
      before[0] = own
      hasMerged = true
    },
    before: () => (hasMerged ? before[0] : undefined),
  }
}
