import type { Arrangement } from '../topology/index.js'
import { dotsPerColumn, dotsPerRow, type Point } from './canvas.js'

export type { Point }

/** A character's place. */
export interface Cell {
  readonly column: number
  readonly row: number
}

/** Where one peer is drawn. */
export interface Place {
  /** Where its edges end, in dots. */
  readonly point: Point
  /** First character of its number. */
  readonly label: Cell
  /** Where it has a mark of its own beside the number. */
  readonly mark?: Cell
}

/** A sheet and where each peer is on it. */
export interface Plan {
  readonly columns: number
  readonly rows: number
  readonly places: readonly Place[]
  /** Numbers stand on the edges, so they need a blank on either side. */
  readonly padded: boolean
  /** For an edge that wraps around a torus, by how much the two stubs leave the peers; else undefined. */
  stub(from: number, to: number): Point | undefined
}

/** @returns undefined when the width is too small */
export function placePeers(peers: number, arrangement: Arrangement, width: number): Plan | undefined {
  if (arrangement === 'line') return serpentine(peers, width)
  if (typeof arrangement === 'object') return inRows(peers, arrangement.columns, width)
  return aroundCircle(peers, arrangement === 'star' && peers > 2, width)
}

/** Clockwise from the top, numbers outside; with a hub, peer 0 in the middle. */
function aroundCircle(peers: number, hub: boolean, width: number): Plan | undefined {
  const around = hub ? peers - 1 : peers
  if (around === 1) return serpentine(peers, width)
  // Eleven dots of arc between peers look airy; five still keep their numbers apart.
  const wanted = Math.max(22, Math.ceil((around * 11) / (2 * Math.PI)))
  const margin = { columns: 4, rows: 1 }
  const most = Math.floor(((width - 1) / 2 - margin.columns) * dotsPerColumn)
  const radius = Math.min(wanted, most)
  if (radius < 8 || radius * 2 * Math.PI < around * 5) return undefined

  const middle: Cell = {
    column: Math.ceil(radius / dotsPerColumn) + margin.columns,
    row: Math.ceil(radius / dotsPerRow) + margin.rows,
  }
  const centre = dotOf(middle)
  const places = Array.from({ length: around }, (_, i): Place => {
    const angle = (2 * Math.PI * i) / around
    const [across, up] = [Math.sin(angle), Math.cos(angle)]
    const mark = cellOf({ x: centre.x + radius * across, y: centre.y - radius * up })
    return { point: dotOf(mark), mark, label: beside(mark, across, up, String(hub ? i + 1 : i).length) }
  })
  if (hub) places.unshift({ point: centre, label: { column: middle.column - 1, row: middle.row } })
  return {
    columns: 2 * middle.column + 1,
    rows: 2 * middle.row + 1,
    places,
    padded: false,
    stub: () => undefined,
  }
}

/** A number's place next to its mark, on the side away from the centre. */
function beside(mark: Cell, across: number, up: number, digits: number): Cell {
  if (Math.abs(across) < 0.35) {
    return { column: mark.column - Math.floor((digits - 1) / 2), row: mark.row + (up > 0 ? -1 : 1) }
  }
  return { column: across > 0 ? mark.column + 2 : mark.column - 1 - digits, row: mark.row }
}

function inRows(peers: number, perRow: number, width: number): Plan | undefined {
  const apart = { column: 7, row: 3 }
  const height = Math.ceil(peers / perRow)
  const columns = (perRow - 1) * apart.column + 9
  if (columns > width) return undefined
  return {
    columns,
    rows: (height - 1) * apart.row + 3,
    places: Array.from({ length: peers }, (_, peer) =>
      centred(peer, { column: 4 + (peer % perRow) * apart.column, row: 1 + Math.floor(peer / perRow) * apart.row }),
    ),
    padded: true,
    stub(from, to) {
      if (perRow > 2 && to - from === perRow - 1 && from % perRow === 0) return { x: 4 * dotsPerColumn, y: 0 }
      if (height > 2 && to - from === perRow * (height - 1)) return { x: 0, y: dotsPerRow + 1 }
      return undefined
    },
  }
}

/** One after another, back and forth, so that a long line is still a line. */
function serpentine(peers: number, width: number): Plan {
  const apart = { column: 6, row: 3 }
  const perRow = Math.max(1, Math.min(peers, Math.floor((width - 5) / apart.column) + 1))
  return {
    columns: (perRow - 1) * apart.column + 5,
    rows: (Math.ceil(peers / perRow) - 1) * apart.row + 1,
    places: Array.from({ length: peers }, (_, peer) => {
      const row = Math.floor(peer / perRow)
      const along = row % 2 === 0 ? peer % perRow : perRow - 1 - (peer % perRow)
      return centred(peer, { column: 2 + along * apart.column, row: row * apart.row })
    }),
    padded: true,
    stub: () => undefined,
  }
}

/** A number on its edges, with the blank before it. */
function centred(peer: number, cell: Cell): Place {
  const digits = String(peer).length
  return { point: dotOf(cell), label: { column: cell.column - Math.floor(digits / 2) - 1, row: cell.row } }
}

/** The dot nearest to a character's middle. */
function dotOf({ column, row }: Cell): Point {
  return { x: column * dotsPerColumn, y: row * dotsPerRow + 2 }
}

function cellOf({ x, y }: Point): Cell {
  return { column: Math.round(x / dotsPerColumn), row: Math.round((y - 2) / dotsPerRow) }
}
