import { type Contribution, mix } from '../../merge/index.js'
import { mixingRow } from '../../topology/index.js'
import { copyInSlices, inSlices } from '../../turns.js'
import type { Known, TargetedAttack, VectorAttack } from './known.js'

/* Attacks whose vector is a weighted sum of vectors that the attacker knows (ALGORITHMS.md 6.2, ALGORITHMS-2.md 2). */

/** What training has changed, turned round: x_old − c·(x_new − x_old). */
export const signFlip: VectorAttack = (out, known, factor) => alongTraining(out, known, -factor)

/** The vector itself, turned round: −c·z. */
export const bitFlip: VectorAttack = (out, { own }, factor) => sum(out, [[-factor, own]])

/** The last merged model again: it profits by the others and gives nothing. */
export const freeRider: VectorAttack = (out, { before }) => copyInSlices(out, before)

/** Inner product manipulation, −ε·mean of what honest peers say (arXiv 1903.03936). */
export const innerProduct: VectorAttack = (out, { honest }, epsilon) =>
  sum(
    out,
    [...honest.values()].map(values => [-epsilon / honest.size, values]),
  )

/** Different vectors to different neighbours: x_old + c·(x_new − x_old) to even numbers, with −c to odd ones. */
export const twoFaced: TargetedAttack = (out, known, factor, target) =>
  alongTraining(out, known, target % 2 === 0 ? factor : -factor)

/**
 * z_i − ε·Σ_honest w_ij·(z_j − z_i) / Σ_hostile w_ij against peer i, the same of all its hostile neighbours. With ε = 1
 * plain gossip leaves i where it was, with more it is driven away (arXiv 2202.01545). Another attacker is given the own
 * vector.
 */
export const dissensus: TargetedAttack = (out, { own, honest, allies, round, topology }, epsilon, target) => {
  const at = honest.get(target)
  if (at === undefined) return copyInSlices(out, own)
  const { from } = mixingRow(topology.graphAt(round), topology.weights, target)
  const hostile = from.reduce((total, { peer, weight }) => total + (allies.has(peer) ? weight : 0), 0)
  const parts = from.flatMap(({ peer, weight }): [number, Float32Array][] => {
    const values = honest.get(peer)
    return values === undefined ? [] : [[(-epsilon * weight) / hostile, values]]
  })
  const given = parts.reduce((total, [weight]) => total + weight, 0)
  return sum(out, [[1 - given, at], ...parts])
}

function alongTraining(out: Float32Array, { own, before }: Known, factor: number): Promise<void> {
  return sum(out, [
    [1 - factor, before],
    [factor, own],
  ])
}

function sum(out: Float32Array, parts: readonly (readonly [number, Float32Array])[]): Promise<void> {
  const all: Contribution[] = parts.map(([weight, values], peer) => ({ peer, weight, values }))
  return inSlices(out.length, all.length + 1, (from, to) => mix(out, all, from, to))
}
