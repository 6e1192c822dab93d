import { createGraph, type Edge, type Graph } from './graph.js'
import type { MixingRow } from './mixing.js'
import { fullEdges } from './regular.js'

/** One exchange of a final merge. */
export interface FinalStep {
  readonly graph: Graph
  /** What a peer gives to its own vector and to those that it hears. */
  rowOf(peer: number): MixingRow
}

/** So many peers hand their heads to all others at once, which bears the absence of any. */
const atOnce = 16

/**
 * The exchanges of a final merge: behind them all peers have the mean of all vectors, with the same bits.
 *
 * Up to 16 peers hand their vectors to all others in one exchange: a peer that is absent costs its own share alone. More
 * double what is averaged in each exchange, as an all-reduce by recursive doubling does (Thakur, Rabenseifner, Gropp,
 * https://doi.org/10.1177/1094342005051521): ⌈log₂ m⌉ exchanges of one vector each, where m − 1 would fill lines and
 * memory; of a number that is no power of two, those above it hand in their vector first and get the result at last.
 * Both ends of an edge sum the same two vectors in the same order, so all bits stay equal.
 */
export function finalSteps(peers: number): readonly FinalStep[] {
  if (peers < 2) return []
  if (peers <= atOnce) return [allAtOnce(peers)]
  const cube = 2 ** Math.floor(Math.log2(peers))
  const counts: number[] = Array.from({ length: cube }, (_, peer) => (peer + cube < peers ? 2 : 1))
  const beyond = Array.from({ length: peers - cube }, (_, number) => cube + number)
  const steps: FinalStep[] = []
  if (beyond.length > 0) steps.push(handIn(peers, cube, beyond))
  for (let distance = 1; distance < cube; distance *= 2) {
    steps.push(doubling(peers, cube, distance, counts.slice()))
    for (let peer = 0; peer < cube; peer++) {
      if ((peer & distance) !== 0) continue
      const both = counts[peer]! + counts[peer ^ distance]!
      counts[peer] = both
      counts[peer ^ distance] = both
    }
  }
  if (beyond.length > 0) steps.push(handBack(peers, cube, beyond))
  return steps
}

function allAtOnce(peers: number): FinalStep {
  const graph = createGraph(peers, fullEdges(peers))
  const weight = 1 / peers
  return {
    graph,
    rowOf: peer => ({ self: weight, from: graph.receivesFrom(peer).map(other => ({ peer: other, weight })) }),
  }
}

/** Peers above the power of two hand their vectors to the one so many places below. */
function handIn(peers: number, cube: number, beyond: readonly number[]): FinalStep {
  const edges = beyond.map((peer): Edge => [peer, peer - cube])
  const rowOf = (peer: number): MixingRow =>
    peer + cube < peers ? { self: 0.5, from: [{ peer: peer + cube, weight: 0.5 }] } : alone
  return { graph: createGraph(peers, edges, true), rowOf }
}

function handBack(peers: number, cube: number, beyond: readonly number[]): FinalStep {
  const edges = beyond.map((peer): Edge => [peer - cube, peer])
  const rowOf = (peer: number): MixingRow =>
    peer >= cube ? { self: 0, from: [{ peer: peer - cube, weight: 1 }] } : alone
  return { graph: createGraph(peers, edges, true), rowOf }
}

/** @param counts - of how many peers each one's vector is the mean */
function doubling(peers: number, cube: number, distance: number, counts: readonly number[]): FinalStep {
  const edges = counts.flatMap((_, peer): Edge[] => ((peer & distance) === 0 ? [[peer, peer ^ distance]] : []))
  const rowOf = (peer: number): MixingRow => {
    if (peer >= cube) return alone
    const other = peer ^ distance
    const both = counts[peer]! + counts[other]!
    return { self: counts[peer]! / both, from: [{ peer: other, weight: counts[other]! / both }] }
  }
  return { graph: createGraph(peers, edges), rowOf }
}

const alone: MixingRow = { self: 1, from: [] }
