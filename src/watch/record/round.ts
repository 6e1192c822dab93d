import { Malformed } from './fields.js'
import { createHeard, createMisses, type Heard, type Misses } from './heads.js'
import type { Cells, RecordLimits } from './limits.js'
import {
  type Column,
  type ColumnName,
  columnNames,
  type FinalRecord,
  type Miss,
  type RoundRecord,
  type StrictnessHint,
  type WholeRound,
} from './shape.js'

/** The groups in which a round has numbers of peers. */
export type Group = 'columns' | 'beside' | 'figures'

type Columns = Map<string, (number | null)[]>

type MissKind = 'absent' | 'refused'

/** The names of an event's numbers that are the method's or the measure's own. */
export interface NewNames {
  readonly beside?: readonly string[]
  readonly figures?: readonly string[]
  /** Of rows of a matrix. */
  readonly rows?: readonly string[]
}

/** One round while its events come in. */
export interface OpenRound {
  /**
   * Makes room for what `set` and `setRow` are then given of this peer.
   *
   * @throws {@link Malformed} where that is too much; nothing is changed then
   */
  admit(peer: number, names: NewNames): void
  set(group: Group, name: string, peer: number, value: number | null): void
  get(name: ColumnName, peer: number): number | null
  setRow(name: string, peer: number, row: readonly (readonly [peer: number, value: number | null])[]): void
  /** Peer `to` received heads of these. */
  join(from: readonly number[], to: number): void
  /** @throws {@link Malformed} where these are too many; nothing is changed then */
  miss(kind: MissKind, peer: number, more: readonly Miss[]): void
  hint(hint: StrictnessHint): void
  /** This peer exchanges nothing in it. */
  silence(peer: number): void
  end(final: FinalRecord): void
  catchUp(peer: number, to: number): void
  fail(peer: number): void
  close(whole: WholeRound): void
  /** Something happened in it at this time. */
  seen(atMs: number | null): void
  /** Forgets what this peer did in the round: it does it again. */
  reset(peer: number): void
  /** It is not a part of the record any more. */
  discard(): void
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
  readonly heard: Heard
  readonly misses: Readonly<Record<MissKind, Misses>>
  readonly hints: Map<number, StrictnessHint>
  readonly silent: Set<number>
  readonly finals: Map<number, FinalRecord>
  readonly caughtUp: Map<number, number>
  readonly failed: Set<number>
  whole: WholeRound | null
  untilMs: number | null
}

export function createRound(round: number, cells: Cells, limits: RecordLimits): OpenRound {
  const told: Told = {
    groups: { columns: new Map(), beside: new Map(), figures: new Map() },
    rows: new Map(),
    heard: createHeard(),
    misses: { absent: createMisses(limits.misses), refused: createMisses(limits.misses) },
    hints: new Map(),
    silent: new Set(),
    finals: new Map(),
    caughtUp: new Map(),
    failed: new Set(),
    whole: null,
    untilMs: null,
  }
  const { groups, rows, heard, misses, hints, silent, finals, caughtUp, failed } = told
  /** A round has these columns, of whatever is known. */
  let counted = columnNames.length
  cells.addColumns(counted)
  const countColumns = (many: number): void => {
    cells.addColumns(many)
    counted += many
  }
  /** Undefined once something has changed. */
  let made: { readonly members: number; readonly record: RoundRecord } | undefined
  const changed = (): void => {
    made = undefined
  }
  return {
    admit(peer, names) {
      const beside = missingIn(groups.beside, names.beside)
      const figures = missingIn(groups.figures, names.figures)
      const matrices = missingIn(rows, names.rows)
      const known = [groups.beside.size + beside, groups.figures.size + figures, rows.size + matrices]
      if (known.some(many => many > limits.names)) throw new Malformed()
      // A matrix is a column of rows, of those that are there and those that are not.
      const newRows = [...new Set(names.rows)].filter(name => !rows.get(name)?.has(peer)).length
      countColumns(beside + figures + matrices + newRows)
    },
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
      heard.add(from, to)
    },
    miss(kind, peer, more) {
      changed()
      misses[kind].add(peer, more)
    },
    hint(hint) {
      changed()
      hints.set(hint.peer, hint)
    },
    silence(peer) {
      changed()
      silent.add(peer)
    },
    end(final) {
      changed()
      finals.set(final.peer, final)
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
      for (const matrix of rows.values()) if (matrix.delete(peer)) countColumns(-1)
      for (const known of [heard, misses.absent, misses.refused, hints, silent, finals]) known.delete(peer)
    },
    discard: () => countColumns(-counted),
    record(members, before = []) {
      if (made?.members !== members) made = { members, record: { round, ...recordOf(told, members, before) } }
      return made.record
    },
  }
}

function recordOf(
  { groups, rows, heard, misses, hints, silent, finals, caughtUp, failed, whole, untilMs }: Told,
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
    edges: sharedWith(before, heard.edges()),
    absent: misses.absent.all(),
    refused: misses.refused.all(),
    tooStrict: [...hints.values()],
    silent: [...silent],
    finals: [...finals.values()],
    caughtUp: [...caughtUp].map(([peer, to]) => ({ peer, to })),
    failed: [...failed],
    whole,
  }
}

/** How many of these names a map does not have. */
function missingIn(known: ReadonlyMap<string, unknown>, names: readonly string[] = []): number {
  return [...new Set(names)].filter(name => !known.has(name)).length
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
