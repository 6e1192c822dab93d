import type { RefObject } from 'preact'
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { type CurveColor, color, useTheme } from '../theme.js'

export type Values = readonly (number | null)[]

export interface Curve {
  readonly label: string
  readonly values: Values
  readonly color: CurveColor
  readonly isDashed?: boolean
}

export interface CurvesProps {
  readonly title: string
  /** What the curves are and how they are to be read, in a sentence. */
  readonly says?: string
  /** Numbers of the rounds, as people count them. */
  readonly rounds: readonly number[]
  readonly curves: readonly Curve[]
  /** Drawn behind the curves. */
  readonly band?: { readonly label: string; readonly low: Values; readonly high: Values; readonly color: CurveColor }
  /** Areas on top of each other instead of lines. */
  readonly isStacked?: boolean
  /** Logarithmic, where all values allow it. */
  readonly isLog?: boolean
  readonly text: (value: number) => string
}

const height = 240

/** Curves over rounds, with the same numbers as a table for those who cannot see them. */
export function Curves(props: CurvesProps) {
  const { title, says } = props
  const place = useRef<HTMLDivElement>(null)
  const [isOpen, setIsOpen] = useState(false)
  const name = useId()
  usePlot(place, props)
  return (
    <figure class="chart" aria-labelledby={name}>
      <figcaption id={name}>
        <h3>{title}</h3>
        {says && <p class="says">{says}</p>}
      </figcaption>
      <div ref={place} aria-hidden="true" />
      <details class="numbers" onToggle={event => setIsOpen(event.currentTarget.open)}>
        <summary>As a table</summary>
        {isOpen && <Numbers {...props} />}
      </details>
    </figure>
  )
}

function Numbers({ title, rounds, curves, band, text }: CurvesProps) {
  const columns = [
    ...curves,
    ...(band
      ? [
          { label: `${band.label}, low`, values: band.low },
          { label: 'high', values: band.high },
        ]
      : []),
  ]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll" tabIndex={0} aria-label={`${title}, as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">round</th>
            {columns.map(({ label }) => (
              <th scope="col" key={label}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rounds.map((round, at) => (
            <tr key={round}>
              <th scope="row">{round}</th>
              {columns.map(({ label, values }) => (
                <td key={label}>{shownIn(values, at, text)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Draws curves at a place. Where only their values change, as while a run goes on, the plot stays. */
function usePlot(place: RefObject<HTMLDivElement | null>, props: CurvesProps): void {
  const theme = useTheme()
  const latest = useRef(props)
  const plot = useRef<{ readonly of: uPlot; data: uPlot.AlignedData } | undefined>(undefined)
  latest.current = props
  const data = useMemo(() => dataOf(props), [props])
  const { curves, band, rounds, isStacked } = props
  const look = JSON.stringify([
    curves.map(({ label, color, isDashed }) => [label, color, isDashed]),
    band?.label,
    isStacked,
    canBeLog(props),
    rounds.length < 2,
  ])
  useEffect(() => {
    const made = new uPlot(optionsOf(place.current!, latest), data, place.current!)
    plot.current = { of: made, data }
    const resized = new ResizeObserver(() => made.setSize({ width: place.current?.clientWidth || made.width, height }))
    resized.observe(place.current!)
    return () => {
      resized.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [look, theme])
  useEffect(() => {
    if (plot.current === undefined || plot.current.data === data) return
    plot.current.data = data
    plot.current.of.setData(data)
  }, [data])
}

/** Of stacked curves the highest sum first: each area covers the lower part of the one before. */
function orderOf({ curves, isStacked = false }: CurvesProps): number[] {
  return curves.map((_, at) => (isStacked ? curves.length - 1 - at : at))
}

function dataOf(props: CurvesProps): uPlot.AlignedData {
  const { rounds, curves, band, isStacked = false } = props
  const sums = isStacked ? stacked(curves) : curves.map(({ values }) => values)
  const lines = orderOf(props).map(at => sums[at]!)
  return [rounds, ...lines, ...(band ? [band.high, band.low] : [])] as unknown as uPlot.AlignedData
}

function canBeLog({ isLog = false, curves }: CurvesProps): boolean {
  return isLog && curves.every(({ values }) => values.every(value => value === null || value > 0))
}

/** @param latest - where the values are, which change under a plot that stays */
function optionsOf(place: HTMLElement, latest: { readonly current: CurvesProps }): uPlot.Options {
  const { rounds, curves, band, isStacked = false } = latest.current
  const lines = orderOf(latest.current).map((at): uPlot.Series => {
    const { label, color: name, isDashed } = curves[at]!
    return {
      label,
      stroke: color(name),
      width: isStacked ? 1 : 2,
      ...(isStacked && { fill: color(name) }),
      ...(isDashed && { dash: [6, 4] }),
      points: { show: rounds.length < 2 },
      spanGaps: true,
      value: shownOf(latest, ({ curves }) => curves[at]?.values),
    }
  })
  const edge = (label: string, values: (props: CurvesProps) => Values | undefined): uPlot.Series => ({
    label,
    stroke: 'transparent',
    points: { show: false },
    value: shownOf(latest, values),
  })
  const bandSeries = band ? [edge('highest', ({ band }) => band?.high), edge('lowest', ({ band }) => band?.low)] : []
  const grid = { stroke: color('line'), width: 1 }
  const axis: uPlot.Axis = { stroke: color('ink'), grid, ticks: grid, font: '12px system-ui, sans-serif' }
  return {
    width: place.clientWidth || 600,
    height,
    scales: {
      x: { time: false },
      y: {
        distr: canBeLog(latest.current) ? 3 : 1,
        ...(isStacked && { range: (_, __, max) => [0, max * 1.05 || 1] }),
      },
    },
    axes: [
      {
        ...axis,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
        label: 'round',
        labelSize: 20,
        labelFont: axis.font!,
      },
      {
        ...axis,
        size: 72,
        values: (_, ticks) => ticks.map(tick => (tick === null ? '' : latest.current.text(tick))),
      },
    ],
    series: [{ label: 'round' }, ...lines, ...bandSeries],
    ...(band && { bands: [{ series: [lines.length + 1, lines.length + 2], fill: color(`${band.color}-pale`) }] }),
  }
}

/** What the legend shows of a curve where the pointer is. */
function shownOf(
  latest: { readonly current: CurvesProps },
  values: (props: CurvesProps) => Values | undefined,
): NonNullable<uPlot.Series['value']> {
  return (_, __, ___, index) =>
    index === null ? '–' : shownIn(values(latest.current) ?? [], index, latest.current.text)
}

function shownIn(values: Values, at: number, text: (value: number) => string): string {
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
