import type { Measure } from '../data/index.js'
import { type RoundRecord, type RunRecord, roundsOver } from '../watch/index.js'
import { type Family, familiesOf } from './families.js'
import { seriesNames } from './names.js'

/** A round with its time. */
type Timed = RoundRecord & { readonly untilMs: number }

/**
 * All rounds of a run as OpenMetrics text, each number with its time, so that a database takes in the whole run at once.
 * Its format: https://prometheus.io/docs/specs/om/open_metrics_spec/
 *
 * @param run - the label by which its series differ from those of other runs
 */
export function* openMetricsText(
  record: RunRecord,
  { measure, run }: { readonly measure: Measure; readonly run: string },
): Generator<string, void, undefined> {
  const names = seriesNames(record.members)
  const rounds = inTime(roundsOver(record))
  for (const family of familiesOf(measure, record.run !== null)) {
    const series = seriesOf(family, rounds, names, run)
    if (series.size === 0) continue
    const { name, help, type, unit } = family
    yield `# TYPE ${name} ${type === 'gauge' ? 'gauge' : 'counter'}\n`
    if (unit !== undefined) yield `# UNIT ${name} ${unit}\n`
    yield `# HELP ${name} ${escaped(help)}\n`
    const sample = type === 'gauge' ? name : `${name}_total`
    for (const [labels, points] of series) {
      yield points.map(([seconds, value]) => `${sample}${labels} ${value} ${seconds}\n`).join('')
    }
  }
  yield '# EOF\n'
}

/** In the order of their ends: a series goes forward in time. Of two ends in one millisecond the later round counts. */
function inTime(rounds: readonly RoundRecord[]): Timed[] {
  const timed = rounds.filter((round): round is Timed => round.untilMs !== null)
  const sorted = timed.sort((a, b) => a.untilMs - b.untilMs || a.round - b.round)
  return sorted.filter(({ untilMs }, at) => sorted[at + 1]?.untilMs !== untilMs)
}

type Points = (readonly [seconds: string, value: number])[]

/** The points of each series of a family, by its labels. */
function seriesOf(
  family: Family,
  rounds: readonly Timed[],
  names: readonly string[],
  run: string,
): Map<string, Points> {
  const series = new Map<string, Points>()
  const sums = new Map<string, number>()
  for (const round of rounds) {
    for (const { labels, value } of family.samples(round, names)) {
      const text = labelText({ run, ...labels })
      const sum = family.type === 'counter' ? (sums.get(text) ?? 0) + value : value
      sums.set(text, sum)
      const points = series.get(text) ?? []
      points.push([(round.untilMs / 1000).toFixed(3), sum])
      series.set(text, points)
    }
  }
  return series
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')}}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
