import type { ReportData } from '../../src/report/data.js'
import { besideMeasured, figureName } from '../../src/watch/beside-text.js'
import { honestOnly, honestRound } from '../../src/watch/record/honest.js'
import type { Column, RunRecord } from '../../src/watch/record/shape.js'
import { byteCount, measured, measureNames, small } from '../../src/watch/text.js'
import { highestOf, lowestOf, meanOf } from '../columns.js'
import { Curves } from './curves.js'
import { type Curve, dashed, type Values } from './plot.js'

/** How the peers learn, round by round. */
export function Learning({ data }: { readonly data: ReportData }) {
  const { record, measure, primary, contraction } = data
  const rounds = record.rounds.map(round => honestRound(round, record.members))
  const attackers = record.members.filter(({ attack }) => attack !== undefined).length
  const whose = attackers === 0 ? 'the peers’' : 'the honest peers’'
  const numbers = rounds.map(({ round }) => round + 1)
  // Of one peer in the field there is no mean, nor a lowest and a highest.
  const isOne = record.run === null
  const accuracy: Curve[] = [
    overPeers(
      rounds.map(({ columns }) => columns.accuracy),
      isOne,
    ),
    {
      label: 'before the merge',
      color: 'grey',
      dash: dashed,
      values: rounds.map(({ beside }) => meanOf(beside.before ?? [])),
    },
    { label: 'averaged model', color: 'orange', values: rounds.map(({ whole }) => whole?.ofMean ?? null) },
    ...baselineCurves(record, 'accuracy'),
  ]
  const distance = rounds.map(({ whole }) => whole?.consensusDistance ?? null)
  const local = rounds.map(({ columns }) => meanOf(columns.localDistance))
  return (
    <div class="charts">
      {primary !== 'accuracy' && rounds.some(({ beside }) => beside[primary] !== undefined) && (
        <Curves
          title={capital(figureName(primary))}
          says={`The figure that the manifest puts first: ${isOne ? 'of this peer’s own model.' : `the mean over ${whose} own models, from the lowest to the highest.`}`}
          rounds={numbers}
          curves={[
            overPeers(
              rounds.map(({ beside }) => beside[primary] ?? []),
              isOne,
            ),
            ...baselineCurves(record, primary).filter(hasValues),
          ]}
          text={value => besideMeasured(primary, value)}
        />
      )}
      <Curves
        title={capital(measureNames[measure])}
        says={`On the test set: ${isOne ? 'this peer’s own model.' : `the mean of ${whose} own models, from the lowest to the highest.`}`}
        rounds={numbers}
        curves={accuracy.filter(hasValues)}
        text={value => measured(value, measure)}
      />
      <Curves
        title="Loss"
        {...(!isOne && { says: attackers === 0 ? 'Mean over peers.' : 'Mean over honest peers.' })}
        rounds={numbers}
        curves={[
          { label: 'training', color: 'blue' as const, values: rounds.map(({ columns }) => meanOf(columns.loss)) },
          { label: 'test', color: 'orange' as const, values: rounds.map(({ columns }) => meanOf(columns.testLoss)) },
        ].filter(hasValues)}
        text={small}
      />
      {distance.some(value => value !== null) && (
        <Curves
          title="Consensus distance"
          says={`How far ${whose} models are from their mean, squared.${contraction === null ? '' : ' Dashed: the bound that the spectral gap sets from the first round on if nobody trained; what lies above it comes from training on unlike data.'}`}
          rounds={numbers}
          curves={[
            { label: 'measured', color: 'blue' as const, values: distance },
            ...(contraction === null
              ? []
              : [
                  {
                    label: 'by the graph alone',
                    color: 'orange' as const,
                    dash: dashed,
                    values: predicted(distance, numbers, contraction),
                  },
                ]),
          ]}
          isLog
          text={small}
        />
      )}
      {distance.every(value => value === null) && local.some(value => value !== null) && (
        <Curves
          title="Distance to the neighbours"
          says={`Weighted mean of the squared distances to the heads that ${isOne ? 'this' : 'a'} peer received.`}
          rounds={numbers}
          curves={[{ label: isOne ? 'this peer' : 'mean over peers', color: 'blue', values: local }]}
          text={small}
        />
      )}
      {rounds.some(({ whole }) => whole !== null) && (
        <Curves
          title="Bytes sent"
          says="By all peers, since the run began."
          rounds={numbers}
          curves={[{ label: 'sent', color: 'blue', values: rounds.map(({ whole }) => whole?.sentBytes ?? null) }]}
          text={byteCount}
        />
      )}
    </div>
  )
}

/** A figure of all peers, by round. */
function overPeers(columns: readonly Column[], isOne: boolean): Curve {
  const values = columns.map(meanOf)
  if (isOne) return { label: 'this peer', color: 'blue', values }
  return {
    label: 'mean',
    color: 'blue',
    values,
    band: { label: 'peers', low: columns.map(lowestOf), high: columns.map(highestOf) },
  }
}

function hasValues({ values }: { readonly values: Values }): boolean {
  return values.some(value => value !== null)
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** What each peer alone, and all data in one place, come to in a figure. */
function baselineCurves({ rounds, members, baselines }: RunRecord, figure: string): Curve[] {
  const alone = new Map(
    baselines.localOnly.map(tested => [tested.round, meanOf(honestOnly(figureIn(tested, figure) ?? [], members))]),
  )
  const together = new Map(baselines.centralised.map(tested => [tested.round, figureIn(tested, figure) ?? null]))
  const values = (known: ReadonlyMap<number, number | null>): Values =>
    rounds.map(({ round }) => known.get(round) ?? null)
  return [
    { label: 'each alone', color: 'grey', dash: dashed, values: values(alone) },
    { label: 'all data in one place', color: 'green', dash: dashed, values: values(together) },
  ]
}

function figureIn<T>(
  { accuracy, beside }: { readonly accuracy: T; readonly beside: Readonly<Record<string, T>> },
  figure: string,
): T | undefined {
  return figure === 'accuracy' ? accuracy : beside[figure]
}

/** What the first distance would become by exchanges alone; nothing where it would be lost to rounding. */
function predicted(distance: Values, rounds: readonly number[], contraction: number): Values {
  const first = distance.findIndex(value => value !== null)
  if (first < 0) return []
  const least = 1e-3 * Math.min(...distance.filter(value => value !== null))
  return rounds.map((round, at) => {
    const value = at < first ? 0 : distance[first]! * contraction ** (round - rounds[first]!)
    return value > least ? value : null
  })
}
