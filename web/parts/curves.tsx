import type { RefObject } from 'preact'
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { useTheme } from '../theme.js'
import { dataOf, lookOf, optionsOf, type Plot, plotHeight, shownIn, type Values } from './plot.js'

export interface CurvesProps extends Plot {
  readonly title: string
  /** What the curves are and how they are to be read, in a sentence. */
  readonly says?: string
}

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

function Numbers(props: CurvesProps) {
  const { title, rounds } = props
  const columns = columnsOf(props)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
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
  )
}

/** The numbers of all that is drawn. */
function columnsOf({ curves, axis, text }: Plot): { label: string; values: Values; text: typeof text }[] {
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

/** Draws curves at a place. Where only their values change, as while a run goes on, the plot stays. */
function usePlot(place: RefObject<HTMLDivElement | null>, props: Plot): void {
  const theme = useTheme()
  const latest = useRef(props)
  const plot = useRef<{ readonly of: uPlot; data: uPlot.AlignedData } | undefined>(undefined)
  latest.current = props
  const data = useMemo(() => dataOf(props), [props])
  useLayoutEffect(() => {
    const made = new uPlot(optionsOf(place.current!, latest), data, place.current!)
    plot.current = { of: made, data }
    const width = (): number => place.current?.clientWidth || made.width
    const resized = new ResizeObserver(() => made.setSize({ width: width(), height: plotHeight }))
    resized.observe(place.current!)
    return () => {
      resized.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [lookOf(props), theme])
  useEffect(() => {
    if (plot.current === undefined || plot.current.data === data) return
    plot.current.data = data
    plot.current.of.setData(data)
  }, [data])
}
