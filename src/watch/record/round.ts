import { type Column, type ColumnName, columnNames, type Miss, type RoundRecord, type WholeRound } from './shape.js'

/** The groups in which a round has numbers of peers. */
export type Group = 'columns' | 'beside' | 'figures'

type Columns = Map<string, (number | null)[]>

/** One round while its events come in. */
export interface OpenRound {
  set(group: Group, name: string, peer: number, value: number | null): void
  get(name: ColumnName, peer: number): number | null
  setRow(name: string, peer: number, row: readonly (readonly [peer: number, value: number | null])[]): void
  /** Peer `to` received heads of these. */
  join(from: readonly number[], to: number): void
  miss(kind: 'absent' | 'refused', miss: Miss): void
  catchUp(peer: number, to: number): void
  fail(peer: number): void
  close(whole: WholeRound): void
  /** Something happened in it at this time. */
  seen(atMs: number | null): void
  /** Forgets what this peer did in the round: it does it again. */
  reset(peer: number): void
  /**
   * What is known, of so many members: the same object until something changes.
   *
   * @param before - edges of the round before, which are shared where they are the same
   */
  record(members: number, before?: readonly number[]): RoundRecord
}

/** What events have told of a round so far. */
interface Told {
  readonly groups: Readonly<Record<Group, Columns>>
  readonly rows: Map<string, Map<number, Map<number, number | null>>>
  /** By receiver, each sender once. */
  readonly heard: Map<number, readonly number[]>
  readonly misses: Record<'absent' | 'refused', Miss[]>
  readonly caughtUp: Map<number, number>
  readonly failed: Set<number>
  whole: WholeRound | null
  untilMs: number | null
}

export function createRound(round: number): OpenRound {
  const told: Told = {
    groups: { columns: new Map(), beside: new Map(), figures: new Map() },
    rows: new Map(),
    heard: new Map(),
    misses: { absent: [], refused: [] },
    caughtUp: new Map(),
    failed: new Set(),
    whole: null,
    untilMs: null,
  }
  const { groups, rows, heard, misses, caughtUp, failed } = told
  /** Undefined once something has changed. */
  let made: { readonly members: number; readonly record: RoundRecord } | undefined
  const changed = (): void => {
    made = undefined
  }
  return {
    set(group, name, peer, value) {
      changed()
      const column = groups[group].get(name) ?? []
      column[peer] = value
      groups[group].set(name, column)
    },
    get: (name, peer) => groups.columns.get(name)?.[peer] ?? null,
    setRow(name, peer, row) {
      changed()
      const matrix = rows.get(name) ?? new Map()
      rows.set(name, matrix.set(peer, new Map(row)))
    },
    join(from, to) {
      changed()
      heard.set(to, [...new Set([...(heard.get(to) ?? []), ...from])].sort(upwards))
    },
    miss(kind, miss) {
      changed()
      misses[kind].push(miss)
    },
    catchUp(peer, to) {
      changed()
      caughtUp.set(peer, to)
    },
    fail(peer) {
      changed()
      failed.add(peer)
    },
    close(figures) {
      changed()
      told.whole = figures
    },
    seen(atMs) {
      if (atMs === null || atMs <= (told.untilMs ?? Number.NEGATIVE_INFINITY)) return
      changed()
      told.untilMs = atMs
    },
    reset(peer) {
      changed()
      for (const columns of Object.values(groups)) for (const column of columns.values()) delete column[peer]
      for (const matrix of rows.values()) matrix.delete(peer)
      heard.delete(peer)
      misses.absent = misses.absent.filter(miss => miss.peer !== peer)
      misses.refused = misses.refused.filter(miss => miss.peer !== peer)
    },
    record(members, before = []) {
      if (made?.members !== members) made = { members, record: { round, ...recordOf(told, members, before) } }
      return made.record
    },
  }
}

function recordOf(
  { groups, rows, heard, misses, caughtUp, failed, whole, untilMs }: Told,
  members: number,
  before: readonly number[],
): Omit<RoundRecord, 'round'> {
  return {
    untilMs,
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
    edges: sharedWith(before, edgesOf(heard)),
    absent: [...misses.absent],
    refused: [...misses.refused],
    caughtUp: [...caughtUp].map(([peer, to]) => ({ peer, to })),
    failed: [...failed],
    whole,
  }
}

const upwards = (a: number, b: number): number => a - b

/** From, to, from, to, …, by receiver and then by sender. */
function edgesOf(heard: ReadonlyMap<number, readonly number[]>): readonly number[] {
  const edges: number[] = []
  for (const [to, all] of [...heard].sort(([a], [b]) => a - b)) for (const from of all) edges.push(from, to)
  return edges
}

function sharedWith(before: readonly number[], edges: readonly number[]): readonly number[] {
  return edges.length === before.length && edges.every((peer, at) => peer === before[at]) ? before : edges
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
