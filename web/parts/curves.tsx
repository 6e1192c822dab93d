import { useEffect, useId, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import type { CurveColor } from '../looks.js'
import { color, useTheme } from '../theme.js'

export type Values = readonly (number | null)[]

export interface Curve {
  readonly label: string
  readonly values: Values
  readonly color: CurveColor
  /** Lengths of dashes and gaps, in pixels. @default a line without gaps */
  readonly dash?: readonly number[]
  /** Drawn behind the curve. Without a label it is not in the legend. */
  readonly band?: { readonly label?: string; readonly low: Values; readonly high: Values }
  /** Where each value stands on the axis. @default at its round */
  readonly at?: Values
}

export interface CurvesProps {
  readonly title: string
  /** What the curves are and how they are to be read, in a sentence. */
  readonly says?: string
  /** Numbers of the rounds, as people count them. */
  readonly rounds: readonly number[]
  readonly curves: readonly Curve[]
  /** What stands below, where that is not the round. */
  readonly axis?: { readonly label: string; readonly text: (value: number) => string }
  /** Areas on top of each other instead of lines. */
  readonly isStacked?: boolean
  /** Logarithmic, where all values allow it. */
  readonly isLog?: boolean
  readonly text: (value: number) => string
}

/** The dashes of a line that is not measured but compared to. */
export const dashed = [6, 4] as const

const height = 240

const byRound = { label: 'round', text: String }

/** Curves over rounds, with the same numbers as a table for those who cannot see them. */
export function Curves(props: CurvesProps) {
  const { title, says, rounds } = props
  const place = useRef<HTMLDivElement>(null)
  const theme = useTheme()
  const name = useId()
  useEffect(() => {
    const plot = draw(place.current!, props)
    const resized = new ResizeObserver(() => plot.setSize({ width: place.current!.clientWidth, height }))
    resized.observe(place.current!)
    return () => {
      resized.disconnect()
      plot.destroy()
    }
  }, [props, theme])
  const columns = tableColumns(props)
  return (
    <figure class="chart" aria-labelledby={name}>
      <figcaption id={name}>
        <h3>{title}</h3>
        {says && <p class="says">{says}</p>}
      </figcaption>
      <div ref={place} aria-hidden="true" />
      <details class="numbers">
        <summary>As a table</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
        <section class="scroll" tabIndex={0} aria-label={`${title}, as a table`}>
          <table>
            <thead>
              <tr>
                <th scope="col">round</th>
                {columns.map(({ label }, column) => (
                  <th scope="col" key={column}>
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rounds.map((round, at) => (
                <tr key={round}>
                  <th scope="row">{round}</th>
                  {columns.map(({ values, text }, column) => (
                    <td key={column}>{shownIn(values, at, text)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </figure>
  )
}

/** The numbers of all that is drawn. */
function tableColumns({ curves, axis, text }: CurvesProps): { label: string; values: Values; text: typeof text }[] {
  return curves.flatMap(({ label, values, band, at }) => [
    ...(at && axis ? [{ label: `${label}, ${axis.label}`, values: at, text: axis.text }] : []),
    { label, values, text },
    ...(band
      ? [
          { label: `${band.label ?? label}, low`, values: band.low, text },
          { label: 'high', values: band.high, text },
        ]
      : []),
  ])
}

/** What uPlot draws: `data` has a column for each entry of `series`, the first being the axis below. */
function plotted({ rounds, curves, axis = byRound, isStacked = false, text }: CurvesProps): {
  series: uPlot.Series[]
  bands: uPlot.Band[]
  data: uPlot.AlignedData
} {
  const sums = isStacked ? stacked(curves) : curves.map(({ values }) => values)
  // The highest sum first: each area covers the lower part of the one before.
  const order = isStacked ? curves.map((_, at) => curves.length - 1 - at) : curves.map((_, at) => at)
  const series: uPlot.Series[] = [{ label: axis.label, value: (_, value) => shownIn([value], 0, axis.text) }]
  const bands: uPlot.Band[] = []
  const edge = (label = ''): uPlot.Series => ({
    label,
    class: label === '' ? 'unlisted' : 'listed',
    stroke: 'transparent',
    points: { show: false },
    spanGaps: true,
    value: (_, value) => shownIn([value], 0, text),
  })
  const points = order.map(at => {
    const { label, values, color: name, dash, band, at: places = rounds } = curves[at]!
    series.push({
      label,
      stroke: color(name),
      width: isStacked ? 1 : 2,
      ...(isStacked && { fill: color(name) }),
      ...(dash && { dash: [...dash] }),
      points: { show: rounds.length < 2 },
      spanGaps: true,
      value: (_, value, __, index) =>
        isStacked && index !== null ? shownIn(values, index, text) : shownIn([value], 0, text),
    })
    if (band === undefined) return pointsAt(places, [sums[at]!])
    bands.push({ series: [series.length, series.length + 1], fill: `${color(name)}30` })
    series.push(edge(band.label && 'highest'), edge(band.label && 'lowest'))
    return pointsAt(places, [sums[at]!, band.high, band.low])
  })
  return { series, bands, data: points.length === 0 ? [[]] : uPlot.join(points) }
}

function draw(place: HTMLElement, props: CurvesProps): uPlot {
  const { curves, axis = byRound, isStacked = false, isLog = false, text } = props
  const { series, bands, data } = plotted(props)
  const grid = { stroke: color('line'), width: 1 }
  const drawnAxis: uPlot.Axis = { stroke: color('ink'), grid, ticks: grid, font: '12px system-ui, sans-serif' }
  const canBeLog = isLog && curves.every(({ values }) => values.every(value => value === null || value > 0))
  const isByRound = curves.every(({ at }) => at === undefined)
  const options: uPlot.Options = {
    width: place.clientWidth || 600,
    height,
    scales: {
      x: { time: false },
      y: { distr: canBeLog ? 3 : 1, ...(isStacked && { range: (_, __, max) => [0, max * 1.05 || 1] }) },
    },
    axes: [
      {
        ...drawnAxis,
        ...(isByRound
          ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }
          : { values: (_, ticks) => ticks.map(axis.text) }),
        label: axis.label,
        labelSize: 20,
        labelFont: drawnAxis.font!,
      },
      { ...drawnAxis, size: 72, values: (_, ticks) => ticks.map(tick => (tick === null ? '' : text(tick))) },
    ],
    series,
    bands,
  }
  return new uPlot(options, data, place)
}

/** Values at their places; those that have none are left out. */
function pointsAt(places: Values, columns: readonly Values[]): uPlot.AlignedData {
  const kept = places.flatMap((place, at) => (place === null ? [] : [at]))
  const at = (values: Values): (number | null)[] => kept.map(index => values[index] ?? null)
  return [at(places) as number[], ...columns.map(at)]
}

function shownIn(values: readonly (number | null | undefined)[], at: number, text: (value: number) => string): string {
  const value = values[at]
  return value === null || value === undefined ? '–' : text(value)
}

/** Of each curve the sum with all before it. */
function stacked(curves: readonly Curve[]): Values[] {
  const sums: (number | null)[][] = []
  for (const { values } of curves) {
    const before = sums.at(-1)
    sums.push(values.map((value, at) => (value ?? 0) + (before?.[at] ?? 0)))
  }
  return sums
}
