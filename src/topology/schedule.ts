import { type ExchangeSpec, roundsBetween } from './exchange-schema.js'

/** What happens in a round after training: nothing, an exchange on the run's graph, or on the dense one. */
export type RoundKind = 'silent' | 'usual' | 'dense'

/**
 * In which rounds the peers of a run exchange. A function of the round alone, so every peer knows it of all others: none
 * waits for one that stays silent.
 */
export interface Schedule {
  at(round: number): RoundKind
  /**
   * How many rounds before this one have an exchange: how far a peer has got, since only an exchange makes peers wait for
   * each other.
   */
  exchangesBefore(round: number): number
  /** The last round before this one that has an exchange; −1 if there is none. */
  lastBefore(round: number): number
}

/** @param rounds - of the whole run */
export function createSchedule(spec: ExchangeSpec, rounds: number): Schedule {
  const [first, end] = windowOf(spec, rounds)
  const every = roundsBetween(spec)
  /** Usual exchanges before a round, were there no window. */
  const usual = (round: number): number => Math.floor(round / every)

  const at = (round: number): RoundKind => {
    if (round >= first && round < end) return 'dense'
    return (round + 1) % every === 0 ? 'usual' : 'silent'
  }
  return {
    at,
    exchangesBefore(round) {
      const inWindow = Math.min(Math.max(round - first, 0), end - first)
      return usual(Math.min(round, first)) + inWindow + usual(Math.max(round, end)) - usual(end)
    },
    lastBefore(round) {
      if (every === Number.POSITIVE_INFINITY) return -1
      let last = round - 1
      while (last >= 0 && at(last) === 'silent') last -= 1
      return Math.max(last, -1)
    },
  }
}

/** The rounds of the window: from the first up to the one after the last. Without a window it is empty. */
function windowOf(spec: ExchangeSpec, rounds: number): readonly [first: number, end: number] {
  if (spec.when !== 'window') return [rounds, rounds]
  const { from, length } = spec
  const first = Math.min(firstFrom(from * rounds), rounds - 1)
  return [first, Math.min(Math.max(firstFrom((from + length) * rounds), first + 1), rounds)]
}

/** 0.1 + 0.2 is a little more than 0.3, and round 3 of 10 is not before it. */
function firstFrom(rounds: number): number {
  return Math.ceil(rounds - 1e-9)
}
