import type { Random } from '../../random.js'
import type { Topology } from '../../topology/index.js'

/** What an attacker knows when it hands over. Attackers of a simulation know everything that honest peers know. */
export interface Known {
  /** Its own vector, as an honest peer would hand it over. */
  readonly own: Float32Array
  /** The same as it was before the round's training: merged last. 0 for what travels beside the head. */
  readonly before: Float32Array
  /** What the honest peers hand over in the same exchange, by number, in ascending order. None where nobody asks. */
  readonly honest: ReadonlyMap<number, Float32Array>
  /** Numbers of the living peers with the same attack, itself included. */
  readonly allies: ReadonlySet<number>
  readonly round: number
  readonly topology: Topology
  /** A stream of this peer, round and gossip step. */
  readonly random: Random
}

/** Writes what is handed over into `out`, which is as long as the own vector. @param amount - the attack's number */
export type VectorAttack = (out: Float32Array, known: Known, amount: number) => Promise<void>

/** The same for one receiver. */
export type TargetedAttack = (out: Float32Array, known: Known, amount: number, target: number) => Promise<void>
