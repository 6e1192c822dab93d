import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Placement } from '../../src/report/data.js'
import type { Column, RunRecord } from '../../src/watch/record/shape.js'
import { highestOf, lastOf, lowestOf } from '../columns.js'
import { useTheme } from '../theme.js'
import { aboutPeer, type PeerFigure } from './about-peer.js'
import { aboutRound } from './about-round.js'
import { drawEdges, drawRound, type Frame, isGone, type Limits, linesOf, xOf, yOf } from './graph-drawing.js'
import { layout, type Spot } from './layout.js'
import { RoundSlider, usePickedRound } from './round-slider.js'

export interface GraphProps {
  readonly record: RunRecord
  readonly arrangement: Placement
  /** Numbers of the peers' own samples, where they are known. */
  readonly samples: readonly (number | null)[]
  /** What peers are coloured by. */
  readonly figure: PeerFigure
}

/** Who received whose head in a round; peers by their figure, those that are late or gone marked. */
export function Graph({ record, arrangement, samples, figure }: GraphProps) {
  const { members, rounds } = record
  const [at, pick] = usePickedRound(rounds.length)
  const [peer, setPeer] = useState<number | undefined>()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [width, setWidth] = useState(0)
  const theme = useTheme()
  const spots = useSpots(record, arrangement)
  const round = rounds[at]
  const isInRows = arrangement === 'line' || typeof arrangement === 'object'
  const frame = useMemo((): Frame => ({ width, spots, isInRows }), [width, spots, isInRows])
  const lines = useMemo(() => linesOf(round?.edges ?? [], isInRows), [round?.edges, isInRows])
  const below = useMemo(
    () => (width > 0 && round !== undefined ? drawEdges(round, lines, frame) : undefined),
    [round, lines, frame, theme],
  )
  const [values, limits] = useMemo(() => {
    const until = rounds.slice(0, at + 1).map(figure.of)
    const values = members.map((_, peer) => lastOf(until, peer))
    return [values, limitsOf(values.filter((_, peer) => round !== undefined && !isGone(members[peer]!, peer, round)))]
  }, [record, at, figure.name])

  const isThere = round !== undefined
  useEffect(() => {
    if (!isThere) return
    const resized = new ResizeObserver(() => setWidth(canvas.current?.clientWidth ?? 0))
    resized.observe(canvas.current!)
    return () => resized.disconnect()
  }, [isThere])
  useLayoutEffect(() => {
    if (round === undefined || below === undefined) return
    drawRound(canvas.current!, below, frame, { members, round, values, limits, pointed: peer })
  }, [round, below, frame, members, values, limits, peer])

  const step = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    setPeer(known => ((known ?? (by > 0 ? -1 : 0)) + by + members.length) % members.length)
  }
  if (round === undefined) return <p>No round has ended.</p>
  const note = aboutRound(round)
  return (
    <div>
      <RoundSlider rounds={rounds.map(({ round }) => round + 1)} at={at} onChange={pick} />
      {note !== undefined && <p class="says">{note}</p>}
      <canvas
        ref={canvas}
        class="graph"
        tabIndex={0}
        role="img"
        aria-label={`Round ${round.round + 1}: ${members.length} peers, ${round.edges.length / 2} heads received. Arrow keys go from peer to peer.`}
        onMouseMove={event => setPeer(nearest(event, canvas.current!, frame))}
        onMouseLeave={() => setPeer(undefined)}
        onKeyDown={step}
      />
      <output class="pointed" aria-live="polite">
        {peer === undefined
          ? 'Point at a peer, or go to it with the arrow keys.'
          : aboutPeer(record, at, peer, samples[peer] ?? null, figure)}
      </output>
      <p class="legend">
        Coloured by {figure.name} in this round, <span class="low">{figure.text(limits.low)}</span> to{' '}
        <span class="high">{figure.text(limits.high)}</span>
        <span class="late">late in this round</span>
        <span class="gone">gone</span>
        <span class="refused">head refused</span>
      </p>
      {lines.every > 1 && (
        <p class="says">One of {lines.every} edges is drawn, and all of the peer that is pointed at.</p>
      )}
    </div>
  )
}

/** Where the peers stand: they move only when others come, or heads go where none went before. */
function useSpots({ members, rounds }: RunRecord, arrangement: Placement): readonly Spot[] {
  const graphs = arrangement === 'force' ? [...new Set(rounds.slice(0, 20).map(({ edges }) => edges))] : []
  const edges = useMemo(() => joined(graphs), [graphs.length, graphs.at(-1)])
  // What an arrangement is, in a word: of a grid another object comes with each event.
  const kind = JSON.stringify(arrangement)
  return useMemo(() => layout(members.length, arrangement, edges), [members.length, kind, edges.length])
}

/** The edges of several graphs, each once. */
function joined(graphs: readonly (readonly number[])[]): number[] {
  if (graphs.length === 1) return [...graphs[0]!]
  const all = new Map<number, readonly [number, number]>()
  for (const edges of graphs) {
    for (let at = 0; at < edges.length; at += 2)
      all.set(edges[at]! * 2 ** 20 + edges[at + 1]!, [edges[at]!, edges[at + 1]!])
  }
  return [...all.values()].flat()
}

function nearest(event: MouseEvent, canvas: HTMLCanvasElement, { spots, width }: Frame): number | undefined {
  const box = canvas.getBoundingClientRect()
  const [x, y] = [event.clientX - box.left, event.clientY - box.top]
  const distances = spots.map(spot => Math.hypot(x - xOf(spot, width), y - yOf(spot)))
  const found = distances.indexOf(Math.min(...distances))
  return (distances[found] ?? Number.POSITIVE_INFINITY) < 20 ? found : undefined
}

/** Of the round shown, of peers that are there: over a whole run the peers' differences at its end would be none. */
function limitsOf(values: Column): Limits {
  return { low: lowestOf(values), high: highestOf(values) }
}
