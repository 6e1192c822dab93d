import { fieldsIn, Malformed, perhapsIn, textIn, wholeIn } from './fields.js'
import { createCells, recordLimits } from './limits.js'
import { createMembers } from './members.js'
import { createPeerEvents } from './peer-events.js'
import { createRound, type OpenRound } from './round.js'
import { byRound, createRunEvents } from './run-events.js'
import type { MemberRecord, RoundRecord, RunRecord } from './shape.js'

/** Folds a run's events, in their order, into its record. */
export interface RecordFold {
  /** Adds an event as metrics.jsonl holds it. Types that are unknown are ignored: a newer version may have written them. */
  add(event: unknown): void
  /** Adds a line of metrics.jsonl. */
  addLine(line: string): void
  /** Counts a line that could not be read. */
  addMalformed(): void
  /** The record of the events so far. Later events do not change it. */
  record(): RunRecord
  /** A round of it, which is then forgotten: for what is told of a run while it goes on, and need not keep it. */
  take(round: number): RoundRecord | undefined
  /** The record's members. */
  members(): MemberRecord[]
}

/** More rounds than this no manifest allows: a number beyond is a mistake in the file. */
const mostRounds = 1_000_000

/**
 * Creates an empty record. Lines that would make it larger than `limits` are counted as malformed. Of a peer in the field that was resumed a round may come twice: training begins a round, so a
 * peer's second training in a round replaces what it did there before.
 */
export function createRecord(limits = recordLimits): RecordFold {
  const cells = createCells(limits)
  const members = createMembers(cells)
  const rounds = new Map<number, OpenRound>()
  const at = (round: number): OpenRound => {
    const known = rounds.get(round) ?? createRound(round, cells, limits)
    rounds.set(round, known)
    return known
  }
  const ofPeer = createPeerEvents(members)
  const ofRun = createRunEvents(members, at, { cells, limits })
  let fromMs: number | null = null
  let untilMs: number | null = null
  let malformed = 0

  function addChecked(value: unknown): void {
    const event = fieldsIn(value)
    const type = textIn(event.type)
    const [addOfRun, addOfPeer] = [own(ofRun.add, type), own(ofPeer, type)]
    if (addOfRun === undefined && addOfPeer === undefined) return
    const round = wholeIn(event.round)
    if (round > mostRounds) throw new Malformed()
    const atMs = perhapsIn(event.atMs)
    if (atMs !== null) {
      fromMs = Math.min(fromMs ?? atMs, atMs)
      untilMs = Math.max(untilMs ?? atMs, atMs)
    }
    // A peer reports the members too, but they are not of its round.
    addOfRun?.(event, round)
    if (addOfPeer === undefined) return
    addOfPeer(event, { peer: members.place(textIn(event.peer)), round: at(round), atMs })
    at(round).seen(atMs)
  }

  const counted = (work: () => void): void => {
    try {
      work()
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof SyntaxError)) throw error
      malformed += 1
    }
  }

  return {
    add: event => counted(() => addChecked(event)),
    addLine: line => counted(() => addChecked(JSON.parse(line))),
    addMalformed() {
      malformed += 1
    },
    record() {
      const all = members.all()
      let edges: readonly number[] = []
      return {
        run: ofRun.run(),
        members: all,
        rounds: byRound(rounds).map(([, round]) => {
          const record = round.record(all.length, edges)
          edges = record.edges
          return record
        }),
        baselines: ofRun.baselines(),
        fromMs,
        untilMs,
        malformed,
      }
    },
    take(round) {
      const taken = rounds.get(round)
      rounds.delete(round)
      taken?.discard()
      return taken?.record(members.all().length)
    },
    members: members.all,
  }
}

/** A table's own entry: a type is foreign text, and may be "constructor". */
function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
