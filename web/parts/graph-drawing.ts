import type { MemberRecord, RoundRecord } from '../../src/watch/record/shape.js'
import { color, inkOn, shareColor } from '../theme.js'
import type { Spot } from './layout.js'

export const height = 420
const margin = 28
/** More peers than this have no room for their numbers. */
const numbered = 64
/** The most lines of a picture: a thousand take some 10 ms. Of more edges every second, third, … is drawn. */
export const mostLines = 4000
/** One path of many lines takes longer than several of few. */
const linesOfPath = 500
/** How far an edge is bent to one side, by its length. */
const bend = 0.12

/** Where a graph is drawn. */
export interface Frame {
  readonly width: number
  readonly spots: readonly Spot[]
  /** Edges are bent to one side: straight ones would lie upon the peers between their ends, where peers stand in rows. */
  readonly isInRows: boolean
}

/** The lowest and the highest figure of a round. */
export interface Limits {
  readonly low: number | null
  readonly high: number | null
}

export function xOf({ x }: Spot, width: number): number {
  return margin + x * (width - 2 * margin)
}

export function yOf({ y }: Spot): number {
  return margin + y * (height - 2 * margin)
}

/** Places in a round's edges of those that are drawn as lines of their own. */
export interface Lines {
  readonly places: readonly number[]
  /** One of so many is drawn. */
  readonly every: number
}

/** Which edges are drawn: where lines are straight, those of two peers that heard each other are one. */
export function linesOf(edges: readonly number[], isInRows: boolean): Lines {
  const drawn = new Set<number>()
  const places: number[] = []
  for (let at = 0; at < edges.length; at += 2) {
    const [from, to] = [edges[at]!, edges[at + 1]!]
    const pair = isInRows ? at : Math.min(from, to) * 2 ** 20 + Math.max(from, to)
    if (drawn.has(pair)) continue
    drawn.add(pair)
    places.push(at)
  }
  const every = Math.ceil(places.length / mostLines)
  return { places: every <= 1 ? places : places.filter((_, at) => at % every === 0), every }
}

/** The edges of a round, drawn once for all that is shown of it: a peer that is pointed at changes only what lies above. */
export function drawEdges({ edges, refused }: RoundRecord, lines: Lines, frame: Frame): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  const context = sized(canvas, frame.width)
  context.strokeStyle = color('edge')
  context.globalAlpha = lines.places.length > 1000 ? 0.4 : 1
  for (let first = 0; first < lines.places.length; first += linesOfPath) {
    context.beginPath()
    for (const at of lines.places.slice(first, first + linesOfPath)) addEdge(context, edges, at, frame)
    context.stroke()
  }
  context.globalAlpha = 1
  context.strokeStyle = color('red')
  context.lineWidth = 2
  context.setLineDash([5, 4])
  context.beginPath()
  for (const { of, peer } of refused.slice(0, mostLines)) addEdge(context, [of, peer], 0, frame)
  context.stroke()
  return canvas
}

/** What is shown of a round. */
export interface Shown {
  readonly members: readonly MemberRecord[]
  readonly round: RoundRecord
  /** Of the last test of each peer, up to this round: what it is coloured by. */
  readonly values: readonly (number | null)[]
  readonly limits: Limits
  readonly pointed: number | undefined
}

/** Draws a round over its edges. */
export function drawRound(canvas: HTMLCanvasElement, below: HTMLCanvasElement, frame: Frame, shown: Shown): void {
  const { members, round, pointed } = shown
  const context = sized(canvas, frame.width)
  context.drawImage(below, 0, 0, frame.width, height)
  context.beginPath()
  context.strokeStyle = color('orange')
  context.lineWidth = 2
  for (let at = 0; at < round.edges.length; at += 2) {
    if (round.edges[at] === pointed || round.edges[at + 1] === pointed) addEdge(context, round.edges, at, frame)
  }
  context.stroke()
  const late = new Set(round.absent.map(({ of }) => of))
  context.font = '600 11px system-ui, sans-serif'
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  const [paper, ink, orange, red] = ['paper', 'ink', 'orange', 'red'].map(color) as [string, string, string, string]
  for (const [peer, member] of members.entries()) {
    const [x, y] = [xOf(frame.spots[peer]!, frame.width), yOf(frame.spots[peer]!)]
    const isAway = isGone(member, peer, round)
    const share = isAway ? null : shareOf(shown.values[peer] ?? null, shown.limits)
    context.beginPath()
    context.arc(x, y, members.length > numbered ? 6 : 11, 0, 2 * Math.PI)
    context.fillStyle = share === null ? paper : shareColor(share)
    context.fill()
    context.lineWidth = peer === pointed || late.has(peer) ? 3 : 1
    context.strokeStyle = isAway ? red : late.has(peer) ? orange : ink
    context.setLineDash(isAway ? [3, 3] : [])
    context.stroke()
    context.setLineDash([])
    if (members.length > numbered) continue
    context.fillStyle = share === null ? ink : inkOn(share)
    context.fillText(String(peer), x, y)
  }
}

/** Does a peer take part no more after this round? */
export function isGone({ goneSince }: MemberRecord, peer: number, { failed, round }: RoundRecord): boolean {
  return failed.includes(peer) || (goneSince !== null && goneSince <= round)
}

function shareOf(value: number | null, { low, high }: Limits): number | null {
  if (value === null || low === null || high === null) return null
  return high > low ? (value - low) / (high - low) : 1
}

function sized(canvas: HTMLCanvasElement, width: number): CanvasRenderingContext2D {
  const ratio = devicePixelRatio || 1
  Object.assign(canvas, { width: width * ratio, height: height * ratio })
  const context = canvas.getContext('2d')!
  context.scale(ratio, ratio)
  return context
}

function addEdge(
  context: CanvasRenderingContext2D,
  edges: readonly number[],
  at: number,
  { width, spots, isInRows }: Frame,
): void {
  const [from, to] = [spots[edges[at]!]!, spots[edges[at + 1]!]!]
  const [x, y, endX, endY] = [xOf(from, width), yOf(from), xOf(to, width), yOf(to)]
  context.moveTo(x, y)
  const [dx, dy] = [endX - x, endY - y]
  if (!isInRows) context.lineTo(endX, endY)
  else context.quadraticCurveTo(x + dx / 2 - bend * dy, y + dy / 2 + bend * dx, endX, endY)
}
