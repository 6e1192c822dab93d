import { HearsayError } from '../errors.js'
import type { Edge } from './graph.js'

/*
 * The graphs that have a formula. Each function gives the edges for any number of peers; createGraph drops what is
 * doubled when there are too few peers for the shape.
 */

/** Each peer and the next, the last and the first. */
export function ringEdges(peers: number): Edge[] {
  return range(peers).map(i => [i, (i + 1) % peers])
}

/** Each peer and the next. */
export function lineEdges(peers: number): Edge[] {
  return range(peers - 1).map(i => [i, i + 1])
}

/** Peer 0 and everyone. The star is what a server would be: here to compare with. */
export function starEdges(peers: number): Edge[] {
  return range(peers - 1).map(i => [0, i + 1])
}

/** Peer 0 above all; below peer i are 2i + 1 and 2i + 2. No two are further apart than twice the depth, ⌊log₂ m⌋. */
export function treeEdges(peers: number): Edge[] {
  return range(peers - 1).map(i => [Math.floor(i / 2), i + 1])
}

/** Everyone and everyone. */
export function fullEdges(peers: number): Edge[] {
  return range(peers).flatMap(i => range(i).map((j): Edge => [j, i]))
}

/** The four nearest, row by row; peer i stands in row ⌊i/columns⌋. A torus wraps around at the borders. */
export function gridEdges({ rows, columns }: Rectangle, wrap: boolean): Edge[] {
  const edges: Edge[] = []
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const peer = row * columns + column
      if (wrap || column + 1 < columns) edges.push([peer, row * columns + ((column + 1) % columns)])
      if (wrap || row + 1 < rows) edges.push([peer, ((row + 1) % rows) * columns + column])
    }
  }
  return edges
}

/** Directed: every peer sends to those 1, 2, 4, … places on (ALGORITHMS.md 3.4, static exponential). */
export function exponentialEdges(peers: number): Edge[] {
  return powersBelow(peers).flatMap(offset => shiftEdges(peers, offset))
}

/**
 * Directed and changing: in round t every peer sends to the one 2^(t mod τ) places on, τ = ⌈log₂ m⌉ (arXiv
 * 2110.13363). One list of edges per round of the cycle.
 */
export function onePeerExponentialEdges(peers: number): Edge[][] {
  const offsets = powersBelow(peers)
  return offsets.length === 0 ? [[]] : offsets.map(offset => shiftEdges(peers, offset))
}

/**
 * Changing: in round t peers meet whose numbers differ in bit t mod τ alone, m = 2^τ. After τ rounds all hold the exact
 * mean. One list of edges per round of the cycle.
 *
 * @throws {@link HearsayError} when the number of peers is no power of two
 */
export function onePeerHypercubeEdges(peers: number): Edge[][] {
  const bits = powersBelow(peers)
  if (2 ** bits.length !== peers) {
    const [below, above] = [2 ** (bits.length - 1), 2 ** bits.length]
    throw new HearsayError(
      'TOPOLOGY',
      `topology one-peer-hypercube: ${peers} peers are no power of two; use ${below} or ${above}, or base-k, which is as exact for any number`,
    )
  }
  if (bits.length === 0) return [[]]
  return bits.map(bit => range(peers).flatMap((i): Edge[] => ((i & bit) === 0 ? [[i, i + bit]] : [])))
}

/** The sides of a grid or torus. */
export interface Rectangle {
  readonly rows: number
  readonly columns: number
}

/**
 * The rectangle for a number of peers: with `rows` given just that, otherwise as square as can be, no taller than
 * wide.
 *
 * @throws {@link HearsayError} when the rows do not divide the peers, or no rows are given and only a line is left
 */
export function rectangle(kind: string, peers: number, rows?: number): Rectangle {
  if (rows !== undefined) {
    if (peers % rows !== 0) {
      throw new HearsayError(
        'TOPOLOGY',
        `topology ${kind}: rows: ${peers} peers do not fill ${rows} rows evenly; use one of ${divisors(peers).join(', ')}`,
      )
    }
    return { rows, columns: peers / rows }
  }
  const squarest = divisors(peers).findLast(divisor => divisor * divisor <= peers) ?? 1
  if (squarest === 1 && peers > 3) {
    throw new HearsayError(
      'TOPOLOGY',
      `topology ${kind}: ${peers} is a prime number, so its only rectangle is a line; ` +
        `use ${peers - 1} or ${peers + 1} peers, or set "rows: 1" if a line is what you want`,
    )
  }
  return { rows: squarest, columns: peers / squarest }
}

function shiftEdges(peers: number, offset: number): Edge[] {
  return range(peers).map(i => [i, (i + offset) % peers])
}

function powersBelow(limit: number): number[] {
  const powers: number[] = []
  for (let power = 1; power < limit; power *= 2) powers.push(power)
  return powers
}

/** In ascending order. */
export function divisors(number: number): number[] {
  return range(number)
    .map(i => i + 1)
    .filter(candidate => number % candidate === 0)
}

function range(length: number): number[] {
  return Array.from({ length: Math.max(0, length) }, (_, i) => i)
}
