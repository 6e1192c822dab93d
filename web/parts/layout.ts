import { forceCenter, forceLink, forceManyBody, forceSimulation, type SimulationNodeDatum } from 'd3-force'
import type { Placement } from '../../src/report/data.js'

/** Where a peer stands: both 0 to 1, from the upper left corner. */
export interface Spot {
  readonly x: number
  readonly y: number
}

/** Steps of the layout, of so many peers in all: by then they stand almost still, and no frame was late for it. */
const ticks = 150
const ticksOfAll = 10_000

export function layout(peers: number, arrangement: Placement, edges: readonly number[]): Spot[] {
  if (arrangement === 'force') return pulled(peers, edges)
  if (arrangement === 'line') return places(peers, at => ({ x: peers < 2 ? 0.5 : at / (peers - 1), y: 0.5 }))
  if (arrangement === 'star') return [{ x: 0.5, y: 0.5 }, ...circle(Math.max(0, peers - 1))].slice(0, peers)
  if (arrangement === 'circle') return circle(peers)
  const { rows, columns } = arrangement
  if (rows * columns < peers) return circle(peers)
  // Moved a little, so that an edge from one side to the other does not lie upon those between.
  return places(peers, at => {
    const [row, column] = [Math.floor(at / columns), at % columns]
    return { x: (column + 0.5 + 0.18 * (row / rows)) / columns, y: (row + 0.5 + 0.18 * (column / columns)) / rows }
  })
}

function places(peers: number, spot: (at: number) => Spot): Spot[] {
  return Array.from({ length: peers }, (_, at) => spot(at))
}

function circle(peers: number): Spot[] {
  return places(peers, at => {
    const angle = (2 * Math.PI * at) / peers - Math.PI / 2
    return { x: 0.5 + 0.5 * Math.cos(angle), y: 0.5 + 0.5 * Math.sin(angle) }
  })
}

/** The same for the same edges: the simulation begins from places that do not depend on chance. */
function pulled(peers: number, edges: readonly number[]): Spot[] {
  const nodes: SimulationNodeDatum[] = Array.from({ length: peers }, () => ({}))
  const links = Array.from({ length: edges.length / 2 }, (_, at) => ({
    source: edges[2 * at]!,
    target: edges[2 * at + 1]!,
  }))
  forceSimulation(nodes)
    .force('link', forceLink(links))
    .force('charge', forceManyBody())
    .force('centre', forceCenter())
    .stop()
    .tick(Math.ceil(Math.min(ticks, ticksOfAll / Math.max(1, peers))))
  const [xs, ys] = [nodes.map(({ x }) => x ?? 0), nodes.map(({ y }) => y ?? 0)]
  const within = (values: readonly number[]) => {
    const [low, high] = [Math.min(...values), Math.max(...values)]
    return (value: number): number => (high > low ? (value - low) / (high - low) : 0.5)
  }
  const [x, y] = [within(xs), within(ys)]
  return nodes.map((_, at) => ({ x: x(xs[at]!), y: y(ys[at]!) }))
}
