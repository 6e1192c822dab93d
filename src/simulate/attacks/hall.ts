import type { Position } from '../../methods/index.js'
import { copyInSlices } from '../../turns.js'
import { createWaiters } from '../../until.js'

/** Where attackers hear what honest peers hand over, before anybody has merged it. */
export interface Hall {
  /** An honest peer hands this over. Resolves once it is copied. */
  say(peer: number, position: Position, vector: Float32Array): Promise<void>
  /**
   * What all living honest peers hand over in this exchange, by number, in ascending order. Honest peers say it before
   * they wait for anybody, so waiting for all of them ends. With `mode: async`, the newest of each that has said any.
   *
   * @throws the signal's reason
   */
  heard(position: Position, signal: AbortSignal): Promise<ReadonlyMap<number, Float32Array>>
  /** An attacker that has heard this exchange needs it no more. */
  leave(position: Position): void
}

export interface HallInit {
  readonly isAsync: boolean
  /** Honest peers that take part in a round. */
  readonly honestIn: (round: number) => readonly number[]
  /** How many attackers will hear each exchange of a round. */
  readonly listenersIn: (round: number) => number
}

interface Exchange {
  readonly said: Map<number, Float32Array>
  left: number
}

export function createHall({ isAsync, honestIn, listenersIn }: HallInit): Hall {
  const exchanges = new Map<string, Exchange>()
  const waiters = createWaiters()
  const keyOf = ({ round, step }: Position): string => (isAsync ? 'newest' : `${round} ${step}`)
  const exchangeAt = (position: Position): Exchange => {
    const key = keyOf(position)
    const exchange = exchanges.get(key) ?? { said: new Map(), left: 0 }
    exchanges.set(key, exchange)
    return exchange
  }
  return {
    async say(peer, position, vector) {
      if (listenersIn(position.round) === 0) return
      const copy = new Float32Array(vector.length)
      await copyInSlices(copy, vector)
      exchangeAt(position).said.set(peer, copy)
      waiters.look()
    },
    async heard(position, signal) {
      const { said } = exchangeAt(position)
      const all = honestIn(position.round)
      if (!isAsync) await waiters.until(() => all.every(peer => said.has(peer)), signal)
      return new Map([...said].sort(([a], [b]) => a - b))
    },
    leave(position) {
      const exchange = exchangeAt(position)
      exchange.left += 1
      if (!isAsync && exchange.left === listenersIn(position.round)) exchanges.delete(keyOf(position))
    },
  }
}
