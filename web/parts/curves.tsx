import { useEffect, useId, useRef } from 'preact/hooks'
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
  const { title, says, rounds, curves, band, text } = props
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
  const shown = (value: number | null | undefined): string =>
    value === null || value === undefined ? '–' : text(value)
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
                    <td key={label}>{shown(values[at])}</td>
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

function draw(
  place: HTMLElement,
  { rounds, curves, band, isStacked = false, isLog = false, text }: CurvesProps,
): uPlot {
  const sums = isStacked ? stacked(curves) : curves.map(({ values }) => values)
  // The highest sum first: each area covers the lower part of the one before.
  const order = isStacked ? curves.map((_, at) => curves.length - 1 - at) : curves.map((_, at) => at)
  const lines = order.map((at): uPlot.Series => {
    const { label, values, color: name, isDashed } = curves[at]!
    return {
      label,
      stroke: color(name),
      width: isStacked ? 1 : 2,
      ...(isStacked && { fill: color(name) }),
      ...(isDashed && { dash: [6, 4] }),
      points: { show: rounds.length < 2 },
      spanGaps: true,
      value: (_, __, ___, index) => (index === null ? '–' : shownIn(values, index, text)),
    }
  })
  const edge = (label: string, values: Values): uPlot.Series => ({
    label,
    stroke: 'transparent',
    points: { show: false },
    value: (_, __, ___, index) => (index === null ? '–' : shownIn(values, index, text)),
  })
  const bandSeries = band ? [edge('highest', band.high), edge('lowest', band.low)] : []
  const grid = { stroke: color('line'), width: 1 }
  const axis: uPlot.Axis = { stroke: color('ink'), grid, ticks: grid, font: '12px system-ui, sans-serif' }
  const canBeLog = isLog && sums.every(values => values.every(value => value === null || value > 0))
  const options: uPlot.Options = {
    width: place.clientWidth || 600,
    height,
    scales: {
      x: { time: false },
      y: { distr: canBeLog ? 3 : 1, ...(isStacked && { range: (_, __, max) => [0, max * 1.05 || 1] }) },
    },
    axes: [
      {
        ...axis,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
        label: 'round',
        labelSize: 20,
        labelFont: axis.font!,
      },
      { ...axis, size: 72, values: (_, ticks) => ticks.map(tick => (tick === null ? '' : text(tick))) },
    ],
    series: [{ label: 'round' }, ...lines, ...bandSeries],
    ...(band && { bands: [{ series: [lines.length + 1, lines.length + 2], fill: color(`${band.color}-pale`) }] }),
  }
  const data = [rounds, ...order.map(at => sums[at]!), ...(band ? [band.high, band.low] : [])]
  return new uPlot(options, data as unknown as uPlot.AlignedData, place)
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
