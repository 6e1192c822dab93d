import type { Column, MemberRecord, RoundRecord } from './shape.js'

/** A column without the numbers of peers that attack: figures over peers are of the others. */
export function honestOnly(column: Column, members: readonly MemberRecord[]): Column {
  return column.map((value, peer) => (members[peer]?.attack === undefined ? value : null))
}

/** A round whose columns are so. */
export function honestRound(round: RoundRecord, members: readonly MemberRecord[]): RoundRecord {
  if (members.every(({ attack }) => attack === undefined)) return round
  const { columns, beside, figures } = round
  const honest = <T extends Readonly<Record<string, Column>>>(named: T): T =>
    Object.fromEntries(Object.entries(named).map(([name, column]) => [name, honestOnly(column, members)])) as T
  return { ...round, columns: honest(columns), beside: honest(beside), figures: honest(figures) }
}
