import { stringify } from 'csv-stringify/sync'
import type { Measure } from '../data/index.js'
import { shown } from '../foreign.js'
import { honestOnly, honestRound, type RoundRecord, type RunRecord, roundsOver } from '../watch/index.js'
import { seriesNames } from './names.js'
import { mean, tookPart, type Value, valuesOfPeer, valuesOfRun } from './values.js'

type Cell = string | number | null

/**
 * RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers have all their
 * digits; a cell without a number is empty.
 */
function lines(rows: readonly (readonly Cell[])[]): string {
  return stringify(
    rows.map(row => [...row]),
    { record_delimiter: '\r\n', escape_formulas: true },
  )
}

const baselineNames = ['baseline/local only', 'baseline/centralised'] as const

/** A row a round: the numbers over all peers, and the baselines. */
export function* roundsCsv(record: RunRecord, measure: Measure): Generator<string, void, undefined> {
  const rounds = roundsOver(record)
  const valuesOf = (round: RoundRecord): Value[] => valuesOfRun(honestRound(round, record.members), measure)
  const names = namesIn(rounds.map(valuesOf))
  const localOnly = new Map(
    record.baselines.localOnly.map(({ round, accuracy }) => [round, mean(honestOnly(accuracy, record.members))]),
  )
  const centralised = new Map(record.baselines.centralised.map(({ round, accuracy }) => [round, accuracy]))
  const baselines = localOnly.size + centralised.size > 0 ? baselineNames : []
  yield lines([['round', 'time', ...names, ...baselines]])
  for (const round of rounds) {
    const of = [localOnly.get(round.round) ?? null, centralised.get(round.round) ?? null]
    const cells = cellsOf(valuesOf(round), names)
    yield lines([[...when(round), ...cells, ...of.slice(0, baselines.length)]])
  }
}

/** A row for each peer of each round. */
export function* peersCsv(record: RunRecord, measure: Measure): Generator<string, void, undefined> {
  const rounds = roundsOver(record)
  const called = seriesNames(record.members)
  // Every peer of a round has the same names.
  const names = namesIn(rounds.map(round => valuesOfPeer(round, 0, measure)))
  yield lines([['round', 'time', 'peer', 'id', 'name', ...names]])
  for (const round of rounds) {
    const places = record.members.map((_, place) => place).filter(place => tookPart(round, place))
    yield lines(
      places.map(place => {
        const who = [place, shown(record.members[place]!.peer), called[place]!]
        return [...when(round), ...who, ...cellsOf(valuesOfPeer(round, place, measure), names)]
      }),
    )
  }
}

/** The round's number, from 1 as on the screen, and when it ended. */
function when({ round, untilMs }: RoundRecord): Cell[] {
  const time = untilMs === null ? undefined : new Date(untilMs)
  return [round + 1, time === undefined || Number.isNaN(time.getTime()) ? null : time.toISOString()]
}

/** All names of all rounds: what a method reports may begin later. */
function namesIn(rounds: readonly (readonly Value[])[]): string[] {
  return [...new Set(rounds.flatMap(values => values.map(({ name }) => name)))]
}

function cellsOf(values: readonly Value[], names: readonly string[]): Cell[] {
  const byName = new Map(values.map(({ name, value }) => [name, value]))
  return names.map(name => byName.get(name) ?? null)
}
