import { isError, type Primary } from '../data/index.js'
import { besideOf } from './beside.js'
import type { RunCourse } from './course.js'
import { type KeptRun, roundsOf } from './runs.js'
import {
  type ColumnName,
  type ComparedRun,
  type ComparedTable,
  type ComparedVariant,
  type Course,
  columnNames,
  figureNames,
  type RunFigures,
} from './shape.js'
import { spreadOver } from './statistics.js'

/** By what runs are compared. */
export type Goal = Pick<ComparedTable, 'primary' | 'isError' | 'target'>

export function isBetter(a: number, b: number, { isError }: Pick<Goal, 'isError'>): boolean {
  return isError ? a < b : a > b
}

/** The worst of the runs' best: each of them has reached it in some round. Null where one was never tested. */
export function targetOf(runs: readonly KeptRun[], primary: Primary): number | null {
  const of = { isError: isError(primary) }
  let target: number | null = null
  for (const { courses } of runs) {
    const qualities = [...courses.get(primary)!.values()].flatMap(({ quality }) => quality ?? [])
    if (qualities.length === 0) return null
    const best = qualities.reduce((a, b) => (isBetter(b, a, of) ? b : a))
    if (target === null || isBetter(target, best, of)) target = best
  }
  return target
}

/** What runs of one variant, at least one, have together. */
export function variantOf(
  runs: readonly KeptRun[],
  goal: Goal,
): Pick<ComparedVariant, 'runs' | 'figures' | 'beside' | 'course'> {
  const compared = runs.map(run => runOf(run, goal)).sort((a, b) => a.seed - b.seed)
  return {
    runs: compared,
    figures: Object.fromEntries(
      figureNames.map(name => [name, spreadOver(compared.map(({ figures }) => figures[name]))]),
    ) as ComparedVariant['figures'],
    beside: besideOf(runs, goal.primary),
    course: together(runs.map(({ courses }) => courses.get(goal.primary)!)),
  }
}

function runOf(run: KeptRun, goal: Goal): ComparedRun {
  const { folders, id, manifest, incomplete } = run
  return {
    folders,
    run: id,
    seed: manifest.seed,
    rounds: roundsOf(run),
    wanted: manifest.rounds,
    isComplete: incomplete.length === 0,
    incomplete,
    figures: figuresOf(run, goal),
  }
}

function figuresOf({ courses, bytes, seconds }: KeptRun, goal: Goal): RunFigures {
  const course = courses.get(goal.primary)!
  const rows = [...course]
  const [, last] = rows.at(-1) ?? []
  const [, tested] = rows.findLast(([, { quality }]) => quality !== null) ?? []
  const { target } = goal
  const reached = rows.find(
    ([, { quality }]) => target !== null && quality !== null && !isBetter(target, quality, goal),
  )
  return {
    quality: tested?.quality ?? null,
    worst: tested?.worst ?? null,
    averaged: tested?.averaged ?? null,
    distance: tested?.distance ?? last?.distance ?? null,
    bytes: bytes ?? (last?.bytes === null || last === undefined ? null : last.bytes / rows.length),
    seconds: seconds ?? last?.seconds ?? null,
    reached: reached?.[0] ?? null,
  }
}

/** Only the rounds that all have: where one run ends early, the mean over the others would jump. */
function together(courses: readonly RunCourse[]): Course {
  const [first, ...others] = courses as [RunCourse, ...RunCourse[]]
  const rounds = [...first.keys()].filter(round => others.every(course => course.has(round)))
  const columns = columnNames.map((name): [ColumnName, Course['columns'][ColumnName]] => {
    const spreads = rounds.map(round => spreadOver(courses.map(course => course.get(round)![name])))
    const [mean, deviation] = (['mean', 'deviation'] as const).map(of => spreads.map(spread => spread?.[of] ?? null))
    return [name, { mean: mean!, deviation: deviation! }]
  })
  return { rounds, columns: Object.fromEntries(columns) as Course['columns'] }
}
