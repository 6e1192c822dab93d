import pc from 'picocolors'
import { type Arrangement, degrees, diameter, type Graph } from '../topology/index.js'
import { type Canvas, createCanvas, dotsPerColumn, dotsPerRow, type Style } from './canvas.js'
import { type Place, type Point, placePeers } from './places.js'
import { countOf, range } from './text.js'

/** How {@link drawGraph} draws. */
export interface DrawOptions {
  /** Columns of the terminal. @default 72 */
  readonly width?: number
  /** Where the peers stand, as a topology defines it. @default around a circle */
  readonly arrangement?: Arrangement
  /** Colours, where the terminal has them. @default as picocolors finds */
  readonly color?: boolean
}

/** A drawing of more peers than this is not readable; they are listed instead. */
const drawnLimit = 64
/** The most peers in a list of neighbours. */
const listedLimit = 12
/** Arrowheads of more edges than this around one peer cover one another; a line of text replaces them. */
const arrowsLimit = 2

/**
 * A graph for the terminal: peers with their numbers, edges as fine lines, arrowheads where edges have a direction. Up
 * to 64 peers and as far as the width allows; beyond, a list of which peer sends to which.
 *
 * @returns lines of at most `width` columns, joined by newlines
 */
export function drawGraph(
  graph: Graph,
  { width = 72, arrangement = 'circle', color = pc.isColorSupported }: DrawOptions = {},
): string {
  const colors = pc.createColors(color)
  const plan = graph.peers > drawnLimit ? undefined : placePeers(graph.peers, arrangement, width)
  if (plan === undefined) return list(graph, width).join('\n')

  const canvas = createCanvas(plan.columns, plan.rows)
  const at = (peer: number): Place => plan.places[peer]!
  for (const [from, to] of graph.edges) {
    const leaves = plan.stub(from, to)
    if (leaves === undefined) canvas.line(at(from).point, at(to).point)
    else {
      canvas.line(at(from).point, moved(at(from).point, leaves, -1))
      canvas.line(at(to).point, moved(at(to).point, leaves, 1))
    }
  }
  const arrows = graph.directed && Math.max(...degrees(graph)) <= arrowsLimit
  if (arrows) for (const [from, to] of graph.edges) arrowhead(canvas, at(from).point, at(to).point, colors.cyan)
  for (const [peer, { label, mark }] of plan.places.entries()) {
    if (mark) canvas.text(mark.column, mark.row, '●', colors.cyan)
    canvas.text(label.column, label.row, plan.padded ? ` ${peer} ` : String(peer), colors.bold)
  }
  const lines = withoutMargins(canvas.render(colors.dim))
  if (graph.directed && !arrows) lines.push(fitted(`edges have a direction: ${sendsTo(graph, 0)}`, width))
  return lines.join('\n')
}

/** Drops the empty lines above and below. */
function withoutMargins(lines: string[]): string[] {
  return lines.slice(
    lines.findIndex(line => line !== ''),
    lines.findLastIndex(line => line !== '') + 1,
  )
}

/** An arrowhead on the way to a peer, close by it. */
function arrowhead(canvas: Canvas, from: Point, to: Point, style: Style): void {
  const [dx, dy] = [from.x - to.x, from.y - to.y]
  const length = Math.hypot(dx, dy)
  if (length === 0) return
  const [x, y] = [to.x + (dx / length) * 6, to.y + (dy / length) * 6]
  // Eight directions, from "to the right" clockwise, as y grows downwards.
  const eighth = (Math.round((Math.atan2(-dy, -dx) * 4) / Math.PI) + 8) % 8
  canvas.text(Math.floor(x / dotsPerColumn), Math.floor(y / dotsPerRow), [...'→↘↓↙←↖↑↗'][eighth]!, style)
}

function moved(point: Point, by: Point, sign: number): Point {
  return { x: point.x + sign * by.x, y: point.y + sign * by.y }
}

function list(graph: Graph, width: number): string[] {
  const degree = degrees(graph)
  const lines = [
    `${countOf(graph.peers, 'peer')}, ${countOf(graph.edges.length, 'edge')}, ${range(degree)} ` +
      `${graph.directed ? 'receivers' : 'neighbours'} each, diameter ${diameter(graph)}`,
  ]
  const digits = String(graph.peers - 1).length
  const listed = Math.min(graph.peers, listedLimit)
  for (let peer = 0; peer < listed; peer++) lines.push(sendsTo(graph, peer, digits))
  if (graph.peers > listed) lines.push(`… and ${graph.peers - listed} more`)
  return lines.map(line => fitted(line, width))
}

function sendsTo(graph: Graph, peer: number, digits = 1): string {
  return `${String(peer).padStart(digits)} ${graph.directed ? '→' : '–'} ${graph.sendsTo(peer).join(' ')}`
}

function fitted(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, Math.max(0, width - 1))}…` : line
}
