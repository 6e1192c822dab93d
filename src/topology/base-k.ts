import type { WeightedEdge } from './graph.js'
import { divisors } from './regular.js'

/*
 * Base-(k+1) graphs ("Beyond Exponential Graph", arXiv 2305.11420; ALGORITHMS.md 3.4): a cycle of rounds after which
 * any number of peers hold the exact mean, each with k neighbours at most in a round. b is k + 1. Each function gives
 * the edges of one cycle, a list per round.
 */

type Rounds = readonly (readonly WeightedEdge[])[]

/** Algorithm 3, or algorithm 2 where that takes fewer rounds. One peer has one round, without edges. */
export function baseEdges(peers: number, degree: number): Rounds {
  const members = Array.from({ length: peers }, (_, peer) => peer)
  const base = degree + 1
  const count = divisors(peers).findLast(divisor => isSmooth(divisor, base))!
  const size = peers / count
  const groups = inParts(members, size)
  const simple = simpleEdges(members, base)
  const within = together(groups.map(group => simpleEdges(group, base)))
  const across = together(
    Array.from({ length: size }, (_, rank) =>
      hyperEdges(
        groups.map(group => group[rank]!),
        base,
      ),
    ),
  )
  const rounds = simple.length < within.length + across.length ? simple : [...within, ...across]
  return rounds.length === 0 ? [[]] : rounds
}

/**
 * Algorithm 1, of a number of members whose prime factors are b at most: numbered in mixed radix, those that differ in
 * the digit of the round alone form a clique.
 */
function hyperEdges(members: readonly number[], base: number): Rounds {
  let stride = 1
  return factors(members.length, base).map(factor => {
    const edges: WeightedEdge[] = []
    for (const [place, member] of members.entries()) {
      const digit = Math.floor(place / stride) % factor
      for (let other = digit + 1; other < factor; other++) {
        edges.push([member, members[place + (other - digit) * stride]!, 1 / factor])
      }
    }
    stride *= factor
    return edges
  })
}

/**
 * Algorithm 2. The number of members in base b cuts them in parts of a_l·b^p_l, each of which first averages within
 * itself. Then the first part meets all others, whose means are thereby the whole's, the second those behind it, and so
 * on; each part, once it is met, averages within its blocks of b^p_l, of which each has the whole's mean.
 */
function simpleEdges(members: readonly number[], base: number): Rounds {
  if (isSmooth(members.length, base)) return hyperEdges(members, base)
  const parts = partsOf(members, base)
  const first = together(parts.map(({ part }) => hyperEdges(part, base)))
  const second = parts.map(({ part, blocks }, at) => {
    const behind = parts.slice(at + 1).flatMap(other => other.part)
    const weight = part.length / (blocks.length * (part.length + behind.length))
    const meeting = behind.flatMap((member, place) =>
      blocks.map((block): WeightedEdge => [block[place]!, member, weight]),
    )
    const idle = Array.from({ length: at }, () => [])
    return [
      ...idle,
      ...(behind.length === 0 ? [] : [meeting]),
      ...together(blocks.map(block => hyperEdges(block, base))),
    ]
  })
  return [...first, ...together(second)]
}

interface Part {
  readonly part: readonly number[]
  /** Of b^p each. */
  readonly blocks: readonly (readonly number[])[]
}

function partsOf(members: readonly number[], base: number): Part[] {
  const parts: Part[] = []
  for (let at = 0; at < members.length; ) {
    const left = members.length - at
    const size = base ** Math.floor(Math.log(left) / Math.log(base) + 1e-9)
    const part = members.slice(at, at + size * Math.floor(left / size))
    parts.push({ part, blocks: inParts(part, size) })
    at += part.length
  }
  return parts
}

/** Several lists of rounds at the same time: as many as the longest has. */
function together(lists: readonly Rounds[]): Rounds {
  const length = Math.max(0, ...lists.map(list => list.length))
  return Array.from({ length }, (_, round) => lists.flatMap(list => list[round] ?? []))
}

function inParts(members: readonly number[], size: number): number[][] {
  return Array.from({ length: members.length / size }, (_, part) => members.slice(part * size, (part + 1) * size))
}

/** Factors of b at most, the largest first. */
function factors(number: number, base: number): number[] {
  if (number === 1) return []
  const factor = divisors(number).findLast(divisor => divisor <= base)!
  return [factor, ...factors(number / factor, base)]
}

/** Is every prime factor b at most? */
function isSmooth(number: number, base: number): boolean {
  let left = number
  for (let factor = 2; factor <= Math.min(base, left); factor++) while (left % factor === 0) left /= factor
  return left === 1
}
