import type { RoundRecord, RunRecord } from './shape.js'

/** A record for a file: where a round has the same edges as the one before, null stands in their place. */
export interface PackedRecord extends Omit<RunRecord, 'rounds'> {
  readonly rounds: readonly (Omit<RoundRecord, 'edges'> & { readonly edges: readonly number[] | null })[]
}

export function packed(record: RunRecord): PackedRecord {
  return {
    ...record,
    rounds: record.rounds.map((round, at) => ({
      ...round,
      edges: round.edges === record.rounds[at - 1]?.edges ? null : round.edges,
    })),
  }
}

/** What {@link packed} was made from: rounds with the same edges share them. */
export function unpacked(record: PackedRecord): RunRecord {
  let before: readonly number[] = []
  const rounds = record.rounds.map(round => {
    before = round.edges ?? before
    return { ...round, edges: before }
  })
  return { ...record, rounds }
}
