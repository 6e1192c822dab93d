import { isError, type Primary } from '../data/index.js'
import { honestRound, type RoundRecord, type RunRecord } from '../watch/index.js'
import type { ColumnName } from './shape.js'

type Row = Readonly<Record<ColumnName, number | null>>

/** A run round by round: what its rounds have, by their numbers from 1. Only rounds that were ended are in it. */
export type RunCourse = ReadonlyMap<number, Row>

/** The course that a folder's events tell, by one figure: of a simulation, or of one peer in the field. */
export function courseOf(record: RunRecord, primary: Primary): RunCourse {
  return record.run === null ? ofPeer(record, primary) : ofSimulation(record, primary)
}

function ofSimulation({ rounds, members }: RunRecord, primary: Primary): RunCourse {
  return new Map(
    rounds.flatMap((round): [number, Row][] => {
      const { whole } = round
      if (whole === null) return []
      const values = qualitiesOf(honestRound(round, members), primary)
      return [
        [
          round.round + 1,
          {
            ...overPeers(values, primary),
            averaged: primary === 'accuracy' ? whole.ofMean : null,
            distance: whole.consensusDistance,
            bytes: members.length === 0 ? null : whole.sentBytes / members.length,
            seconds: whole.seconds,
          },
        ],
      ]
    }),
  )
}

/** A peer in the field has neither the others' models nor, of a round, the bytes. */
function ofPeer({ rounds }: RunRecord, primary: Primary): RunCourse {
  let seconds = 0
  return new Map(
    rounds.flatMap((round): [number, Row][] => {
      const taken = known(round.columns.roundSeconds)
      if (taken.length === 0) return []
      seconds += taken[0]!
      const values = qualitiesOf(round, primary)
      return [
        [round.round + 1, { ...overPeers(values, primary), averaged: null, distance: null, bytes: null, seconds }],
      ]
    }),
  )
}

function qualitiesOf({ columns, beside }: RoundRecord, primary: Primary): number[] {
  return known(primary === 'accuracy' ? columns.accuracy : (beside[primary] ?? []))
}

function overPeers(values: readonly number[], primary: Primary): Pick<Row, 'quality' | 'worst'> {
  const worst = isError(primary) ? Math.max(...values) : Math.min(...values)
  return { quality: meanOf(values), worst: values.length < 2 ? null : worst }
}

/** The courses of several peers of one run in the field as one. */
export function unitedCourse(courses: readonly RunCourse[], primary: Primary): RunCourse {
  if (courses.length === 1) return courses[0]!
  const numbers = [...new Set(courses.flatMap(course => [...course.keys()]))].sort((a, b) => a - b)
  return new Map(
    numbers.map(number => {
      const rows = courses.flatMap(course => course.get(number) ?? [])
      const mean = (name: ColumnName): number | null => meanOf(known(rows.map(row => row[name])))
      const quality = overPeers(known(rows.map(row => row.quality)), primary)
      return [number, { ...quality, averaged: null, distance: null, bytes: null, seconds: mean('seconds') }]
    }),
  )
}

function known(values: readonly (number | null)[]): number[] {
  return values.filter(value => value !== null)
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
