import type { RunRecord } from '../src/watch/record/shape.js'

/**
 * A run up to its last whole round: one that has begun has few peers and heads, which would be taken for all that there
 * are. In the field a round is whole when the peer itself has ended it.
 */
export function wholeRounds(record: RunRecord): RunRecord {
  const { run, rounds } = record
  const last = rounds.findLastIndex(({ whole, columns }) =>
    run === null ? columns.roundSeconds.some(value => value !== null) : whole !== null,
  )
  return last === rounds.length - 1 ? record : { ...record, rounds: rounds.slice(0, last + 1) }
}
