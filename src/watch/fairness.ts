import { isError, type Primary } from '../data/index.js'

/** How evenly a figure is spread over the peers. */
export interface Fairness {
  /** Which figure: the run's primary one. */
  readonly figure: Primary
  readonly worst: { readonly peer: number; readonly name: string; readonly value: number }
  /** A tenth of the peers are no better: between two of them by a straight line, as numpy.percentile has it. */
  readonly percentile10: number
  /**
   * (Σa)² / (n·Σa²): 1 where all peers have the same, 1/n where one has everything (Jain, Chiu, Hawe 1984, "A quantitative
   * measure of fairness and discrimination"). Null where it means nothing: figures below 0, or 0 of all.
   */
  readonly jain: number | null
}

/** Null where fewer than two peers have the figure. */
export function fairnessOf(figure: Primary, peers: readonly Fairness['worst'][]): Fairness | null {
  const known = peers.filter(({ value }) => Number.isFinite(value))
  if (known.length < 2) return null
  const sorted = known.toSorted((a, b) => (isError(figure) ? b.value - a.value : a.value - b.value))
  return { figure, worst: sorted[0]!, percentile10: tenth(sorted.map(({ value }) => value)), jain: jainOf(known) }
}

function tenth(values: readonly number[]): number {
  const place = (values.length - 1) / 10
  const below = Math.floor(place)
  return values[below]! + (place - below) * (values[below + 1]! - values[below]!)
}

function jainOf(peers: readonly Fairness['worst'][]): number | null {
  const sum = peers.reduce((total, { value }) => total + value, 0)
  const squares = peers.reduce((total, { value }) => total + value ** 2, 0)
  if (squares === 0 || peers.some(({ value }) => value < 0)) return null
  return sum ** 2 / (peers.length * squares)
}
