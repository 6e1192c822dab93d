import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { RoundRecord, RunRecord } from '../../src/watch/record/shape.js'
import { color, inkOn, shareColor, useTheme } from '../theme.js'
import { type Arrangement, layout, type Spot } from './layout.js'
import { RoundSlider } from './round-slider.js'

export interface GraphProps {
  readonly record: RunRecord
  readonly arrangement: Arrangement
  readonly text: (accuracy: number | null) => string
}

const height = 420
const margin = 28
/** More peers than this have no room for their numbers. */
const numbered = 64

/** Who received whose head in a round; peers by their accuracy, those that are late or gone marked. */
export function Graph({ record, arrangement, text }: GraphProps) {
  const { members, rounds } = record
  const [at, setAt] = useState(Math.max(0, rounds.length - 1))
  const [peer, setPeer] = useState<number | undefined>()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [width, setWidth] = useState(0)
  const theme = useTheme()
  const spots = useMemo(
    () =>
      layout(
        members.length,
        arrangement,
        rounds.slice(0, 20).flatMap(({ edges }) => edges),
      ),
    [record, arrangement],
  )
  const limits = useMemo(() => limitsOf(record), [record])
  const round = rounds[at]
  const isInRows = arrangement === 'line' || typeof arrangement === 'object'

  useEffect(() => {
    const resized = new ResizeObserver(() => setWidth(canvas.current!.clientWidth))
    resized.observe(canvas.current!)
    return () => resized.disconnect()
  }, [])
  useEffect(() => {
    if (round !== undefined && width > 0) draw(canvas.current!, width, record, round, spots, limits, peer, isInRows)
  }, [record, round, width, spots, limits, peer, isInRows, theme])

  const near = (event: MouseEvent): number | undefined => {
    const box = canvas.current!.getBoundingClientRect()
    const [x, y] = [event.clientX - box.left, event.clientY - box.top]
    const distances = spots.map(spot => Math.hypot(x - xOf(spot, width), y - yOf(spot)))
    const nearest = distances.indexOf(Math.min(...distances))
    return (distances[nearest] ?? Number.POSITIVE_INFINITY) < 20 ? nearest : undefined
  }
  const step = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    setPeer(known => ((known ?? (by > 0 ? -1 : 0)) + by + members.length) % members.length)
  }
  if (round === undefined) return <p>No round has ended.</p>
  return (
    <div>
      <RoundSlider rounds={rounds.map(({ round }) => round + 1)} at={at} onChange={setAt} />
      <canvas
        ref={canvas}
        class="graph"
        tabIndex={0}
        role="img"
        aria-label={`Round ${round.round + 1}: ${members.length} peers, ${round.edges.length / 2} heads received. Arrow keys go from peer to peer.`}
        onMouseMove={event => setPeer(near(event))}
        onMouseLeave={() => setPeer(undefined)}
        onKeyDown={step}
      />
      <output class="pointed" aria-live="polite">
        {peer === undefined ? 'Point at a peer, or go to it with the arrow keys.' : about(record, round, peer, text)}
      </output>
      <p class="legend">
        Peers from <span class="low">{text(limits.low)}</span> to <span class="high">{text(limits.high)}</span>
        <span class="late">late in this round</span>
        <span class="gone">gone</span>
      </p>
    </div>
  )
}

interface Limits {
  readonly low: number | null
  readonly high: number | null
}

function limitsOf({ rounds }: RunRecord): Limits {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const { columns } of rounds) {
    for (const value of columns.accuracy) {
      if (value === null) continue
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  return low > high ? { low: null, high: null } : { low, high }
}

function xOf({ x }: Spot, width: number): number {
  return margin + x * (width - 2 * margin)
}

function yOf({ y }: Spot): number {
  return margin + y * (height - 2 * margin)
}

function draw(
  canvas: HTMLCanvasElement,
  width: number,
  { members }: RunRecord,
  round: RoundRecord,
  spots: readonly Spot[],
  { low, high }: Limits,
  pointed: number | undefined,
  isInRows: boolean,
): void {
  const ratio = devicePixelRatio || 1
  canvas.width = width * ratio
  canvas.height = height * ratio
  const context = canvas.getContext('2d')!
  context.scale(ratio, ratio)
  const edge = (at: number): void => {
    const [from, to] = [spots[round.edges[at]!]!, spots[round.edges[at + 1]!]!]
    const [x, y, dx, dy] = [xOf(from, width), yOf(from), xOf(to, width) - xOf(from, width), yOf(to) - yOf(from)]
    context.moveTo(x, y)
    // Bent to one side: a straight one would lie upon the peers between its ends, where peers stand in rows.
    const bend = isInRows ? 0.12 : 0
    context.quadraticCurveTo(x + dx / 2 - bend * dy, y + dy / 2 + bend * dx, x + dx, y + dy)
  }
  const isOf = (at: number, peer: number | undefined): boolean =>
    round.edges[at] === peer || round.edges[at + 1] === peer
  for (const isPointed of [false, true]) {
    context.beginPath()
    context.strokeStyle = color(isPointed ? 'orange' : 'edge')
    context.lineWidth = isPointed ? 2 : 1
    for (let at = 0; at < round.edges.length; at += 2) if (isOf(at, pointed) === isPointed) edge(at)
    context.stroke()
  }
  const late = new Set(round.absent.map(({ of }) => of))
  const radius = members.length > numbered ? 6 : 11
  context.font = '600 11px system-ui, sans-serif'
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  for (const [peer, { goneSince }] of members.entries()) {
    const [x, y] = [xOf(spots[peer]!, width), yOf(spots[peer]!)]
    const isGone = round.failed.includes(peer) || (goneSince !== null && goneSince <= round.round)
    const accuracy = round.columns.accuracy[peer]
    const isKnown = accuracy !== null && accuracy !== undefined && low !== null && high !== null && !isGone
    const share = isKnown ? (high > low ? (accuracy - low) / (high - low) : 1) : 0
    context.beginPath()
    context.arc(x, y, radius, 0, 2 * Math.PI)
    context.fillStyle = isKnown ? shareColor(share) : color('paper')
    context.fill()
    context.lineWidth = peer === pointed || late.has(peer) ? 3 : 1
    context.strokeStyle = isGone ? color('red') : late.has(peer) ? color('orange') : color('ink')
    context.setLineDash(isGone ? [3, 3] : [])
    context.stroke()
    context.setLineDash([])
    if (members.length > numbered) continue
    context.fillStyle = isKnown ? inkOn(share) : color('ink')
    context.fillText(String(peer), x, y)
  }
}

/** A peer in a round, in a line. */
function about(
  { members }: RunRecord,
  { round, columns, edges, absent, refused }: RoundRecord,
  peer: number,
  text: GraphProps['text'],
): string {
  const nameOf = (other: number): string => members[other]?.name ?? String(other)
  const from = edges.flatMap((to, at) => (at % 2 === 1 && to === peer ? [nameOf(edges[at - 1]!)] : []))
  const missed = absent.filter(miss => miss.peer === peer).map(({ of, reason }) => `${nameOf(of)} (${reason})`)
  const disbelieved = refused.filter(miss => miss.peer === peer).map(({ of, reason }) => `${nameOf(of)} (${reason})`)
  const samples = columns.samples[peer]
  return [
    `${peer}: ${nameOf(peer)}, ${members[peer]!.peer}`,
    `round ${round + 1}`,
    text(columns.accuracy[peer] ?? null),
    ...(samples === null || samples === undefined ? [] : [`trained on ${samples.toLocaleString('en')} samples`]),
    from.length === 0
      ? 'received nothing'
      : `received from ${from.length > 8 ? `${from.length} peers` : from.join(', ')}`,
    ...(missed.length > 0 ? [`without ${missed.join(', ')}`] : []),
    ...(disbelieved.length > 0 ? [`refused ${disbelieved.join(', ')}`] : []),
  ].join(' · ')
}
