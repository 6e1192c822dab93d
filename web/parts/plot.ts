import uPlot from 'uplot'
import type { CurveColor } from '../looks.js'
import { color } from '../theme.js'

/* What uPlot is told of curves. */

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

/** The dashes of a line that is not measured but compared to. */
export const dashed = [6, 4] as const

export interface Plot {
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

export const plotHeight = 240

/** What a plot is made anew for; where only values change it stays. */
export function lookOf(plot: Plot): string {
  const { rounds, curves, axis, isStacked } = plot
  return JSON.stringify([
    curves.map(({ label, color, dash, band }) => [label, color, dash, band !== undefined, band?.label]),
    axis?.label,
    isByRound(plot),
    isStacked,
    canBeLog(plot),
    rounds.length < 2,
  ])
}

/** A column for each series of {@link optionsOf}, the first being the axis below. */
export function dataOf(plot: Plot): uPlot.AlignedData {
  const { rounds, curves, isStacked = false } = plot
  const sums = isStacked ? stacked(curves) : curves.map(({ values }) => values)
  const points = orderOf(plot).map(at => {
    const { band, at: places = rounds } = curves[at]!
    return pointsAt(places, [sums[at]!, ...(band ? [band.high, band.low] : [])])
  })
  return points.length === 0 ? [[]] : uPlot.join(points)
}

/** @param latest - where the values are, which change under a plot that stays */
export function optionsOf(place: HTMLElement, latest: { readonly current: Plot }): uPlot.Options {
  const { axis = { label: 'round', text: String }, isStacked = false } = latest.current
  const { series, bands, marks } = seriesOf(latest)
  const grid = { stroke: color('line'), width: 1 }
  const drawn: uPlot.Axis = { stroke: color('ink'), grid, ticks: grid, font: '12px system-ui, sans-serif' }
  const ticksBelow: uPlot.Axis = isByRound(latest.current)
    ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }
    : { values: (_, ticks) => ticks.map(axis.text) }
  const below: uPlot.Axis = { ...drawn, ...ticksBelow, label: axis.label, labelSize: 20, labelFont: drawn.font! }
  const beside: uPlot.Axis = {
    ...drawn,
    size: 72,
    values: (_, ticks) => ticks.map(tick => (tick === null ? '' : latest.current.text(tick))),
  }
  return {
    width: place.clientWidth || 600,
    height: plotHeight,
    scales: {
      x: { time: false },
      y: {
        distr: canBeLog(latest.current) ? 3 : 1,
        ...(isStacked && { range: (_, __, max) => [0, max * 1.05 || 1] }),
      },
    },
    axes: [below, beside],
    series: [{ label: axis.label, value: valueOr(axis.text) }, ...series],
    bands,
    // Names of colours, not colours: a legend is not made anew for paper.
    legend: {
      markers: {
        width: (_, at) => (marks[at - 1]?.isArea ? 0 : 2),
        stroke: (_, at) => `var(--${marks[at - 1]?.color})`,
        fill: (_, at) => fillOf(marks[at - 1]),
      },
    },
  }
}

/** What a legend shows where the pointer is; where there is none, of the last round that has something. */
type Shown = NonNullable<uPlot.Series['value']>

function valueOr(text: (value: number) => string): Shown {
  return (plot, value, series, index) => {
    const values: Values = Array.from(plot.data[series] ?? [], known => known ?? null)
    return shownIn([index === null ? values.findLast(known => known !== null) : value], 0, text)
  }
}

/** A curve in the legend. */
interface Mark {
  readonly color: CurveColor
  readonly isArea: boolean
  readonly isEdge: boolean
}

function fillOf(mark: Mark | undefined): string {
  if (!mark?.isArea) return 'none'
  return mark.isEdge ? `color-mix(in srgb, var(--${mark.color}) 30%, transparent)` : `var(--${mark.color})`
}

interface Drawn {
  readonly series: uPlot.Series[]
  readonly bands: uPlot.Band[]
  /** By series. */
  readonly marks: readonly Mark[]
}

function seriesOf(latest: { readonly current: Plot }): Drawn {
  const { rounds, curves, isStacked = false } = latest.current
  const series: uPlot.Series[] = []
  const bands: uPlot.Band[] = []
  const marks: Mark[] = []
  const asItIs = valueOr(value => latest.current.text(value))
  // Of an area the legend has its own height, not the sum that it ends at.
  const ownOf =
    (at: number): Shown =>
    (_, __, ___, index) => {
      const { values = [] } = latest.current.curves[at] ?? {}
      return shownIn(
        [index === null ? values.findLast(value => value !== null) : values[index]],
        0,
        latest.current.text,
      )
    }
  const edge = (label = ''): uPlot.Series => ({
    label,
    class: label === '' ? 'unlisted' : label,
    stroke: 'transparent',
    points: { show: false },
    spanGaps: true,
    value: asItIs,
  })
  for (const at of orderOf(latest.current)) {
    const { label, color: name, dash, band } = curves[at]!
    marks.push({ color: name, isArea: isStacked, isEdge: false })
    series.push({
      label,
      stroke: color(name),
      width: isStacked ? 1 : 2,
      ...(isStacked && { fill: color(name) }),
      ...(dash && { dash: [...dash] }),
      points: { show: rounds.length < 2 },
      spanGaps: true,
      value: isStacked ? ownOf(at) : asItIs,
    })
    if (band === undefined) continue
    bands.push({ series: [series.length + 1, series.length + 2], fill: `${color(name)}30` })
    const mark: Mark = { color: name, isArea: true, isEdge: true }
    marks.push(mark, mark)
    series.push(edge(band.label && 'highest'), edge(band.label && 'lowest'))
  }
  return { series, bands, marks }
}

/** Of stacked curves the highest sum first: each area covers the lower part of the one before. */
function orderOf({ curves, isStacked = false }: Plot): number[] {
  return curves.map((_, at) => (isStacked ? curves.length - 1 - at : at))
}

function isByRound({ curves }: Plot): boolean {
  return curves.every(({ at }) => at === undefined)
}

function canBeLog({ isLog = false, curves }: Plot): boolean {
  return isLog && curves.every(({ values }) => values.every(value => value === null || value > 0))
}

/** Values at their places; those that have none are left out. */
function pointsAt(places: Values, columns: readonly Values[]): uPlot.AlignedData {
  const kept = places.flatMap((place, at) => (place === null ? [] : [at]))
  const at = (values: Values): (number | null)[] => kept.map(index => values[index] ?? null)
  return [at(places) as number[], ...columns.map(at)]
}

export function shownIn(
  values: readonly (number | null | undefined)[],
  at: number,
  text: (value: number) => string,
): string {
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
