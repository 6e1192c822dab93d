import { type Column, type ColumnName, columnNames, type Miss, type RoundRecord, type WholeRound } from './shape.js'

/** The groups in which a round has numbers of peers. */
export type Group = 'columns' | 'beside' | 'figures'

type Columns = Map<string, (number | null)[]>

/** One round while its events come in. */
export interface OpenRound {
  set(group: Group, name: string, peer: number, value: number | null): void
  get(name: ColumnName, peer: number): number | null
  setRow(name: string, peer: number, row: readonly (readonly [peer: number, value: number | null])[]): void
  /** Peer `to` received the head of `from`. */
  join(from: number, to: number): void
  miss(kind: 'absent' | 'refused', miss: Miss): void
  catchUp(peer: number, to: number): void
  fail(peer: number): void
  close(whole: WholeRound): void
  /** Forgets what this peer did in the round: it does it again. */
  reset(peer: number): void
  /** What is known, of so many members. */
  record(members: number): RoundRecord
}

export function createRound(round: number): OpenRound {
  const groups: Readonly<Record<Group, Columns>> = { columns: new Map(), beside: new Map(), figures: new Map() }
  const rows = new Map<string, Map<number, Map<number, number | null>>>()
  /** By receiver. */
  const heard = new Map<number, Set<number>>()
  const misses: Record<'absent' | 'refused', Miss[]> = { absent: [], refused: [] }
  const caughtUp = new Map<number, number>()
  const failed = new Set<number>()
  let whole: WholeRound | null = null
  return {
    set(group, name, peer, value) {
      const column = groups[group].get(name) ?? []
      column[peer] = value
      groups[group].set(name, column)
    },
    get: (name, peer) => groups.columns.get(name)?.[peer] ?? null,
    setRow(name, peer, row) {
      const matrix = rows.get(name) ?? new Map()
      rows.set(name, matrix.set(peer, new Map(row)))
    },
    join(from, to) {
      heard.set(to, (heard.get(to) ?? new Set()).add(from))
    },
    miss: (kind, miss) => void misses[kind].push(miss),
    catchUp: (peer, to) => void caughtUp.set(peer, to),
    fail: peer => void failed.add(peer),
    close(figures) {
      whole = figures
    },
    reset(peer) {
      for (const columns of Object.values(groups)) for (const column of columns.values()) delete column[peer]
      for (const matrix of rows.values()) matrix.delete(peer)
      heard.delete(peer)
      misses.absent = misses.absent.filter(miss => miss.peer !== peer)
      misses.refused = misses.refused.filter(miss => miss.peer !== peer)
    },
    record: members => ({
      round,
      columns: Object.fromEntries(
        columnNames.map(name => [name, filled(groups.columns.get(name) ?? [], members)]),
      ) as Record<ColumnName, Column>,
      beside: filledAll(groups.beside, members),
      figures: filledAll(groups.figures, members),
      matrices: Object.fromEntries(
        [...rows].map(([name, matrix]) => [
          name,
          Array.from({ length: members }, (_, i) => rowOf(matrix.get(i), members)),
        ]),
      ),
      edges: [...heard]
        .sort(([a], [b]) => a - b)
        .flatMap(([to, all]) => [...all].sort((a, b) => a - b).flatMap(from => [from, to])),
      absent: [...misses.absent],
      refused: [...misses.refused],
      caughtUp: [...caughtUp].map(([peer, to]) => ({ peer, to })),
      failed: [...failed],
      whole,
    }),
  }
}

function filled(column: readonly (number | null)[], members: number): Column {
  return Array.from({ length: members }, (_, peer) => column[peer] ?? null)
}

/** Columns in which some peer has an entry. */
function filledAll(columns: Columns, members: number): Record<string, Column> {
  const named = [...columns].filter(([, column]) => Object.keys(column).length > 0)
  return Object.fromEntries(named.map(([name, column]) => [name, filled(column, members)]))
}

function rowOf(row: ReadonlyMap<number, number | null> | undefined, members: number): Column | null {
  return row === undefined ? null : Array.from({ length: members }, (_, peer) => row.get(peer) ?? null)
}
