import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import type { TensorPlace } from '../../tensors/index.js'

/**
 * What a step moves: the weights of one peer, of several peers stacked along a leading axis, or of a mixture. All lists of
 * tensors that a rule sees have one for each variable, in that order.
 */
export interface Weights {
  /** y. */
  readonly variables: readonly Variable[]
  /** Moved by the forward pass itself (running statistics): once a step, however often a rule takes the gradient. */
  readonly tracked: readonly Variable[]
  /** Where each variable lies in a peer's flat parameters. @default undefined for one that is not among them */
  readonly places: readonly (TensorPlace | undefined)[]
  /** Numbers of a peer's flat parameters. */
  readonly size: number
  /** The 2-norm over all tensors. Of a stack each peer's own: [peers, 1, 1]. */
  norm(tensors: readonly Tensor[]): Tensor
}

/** One pass over a mini-batch, forward and backward. */
export interface Gradients {
  /** What is summed up over the steps; the loss first, as a mean over the batch, of a stack one for each peer. */
  readonly figures: readonly Tensor[]
  readonly gradients: readonly Tensor[]
}

/** `factor` times the gradient of the mini-batch's loss, where the variables are now. */
export type GradientsAt = (factor: number) => Gradients

/** Tensors that a rule keeps from step to step, one for each variable where it needs one; of a stack, all of its peers'. */
export type Kept = readonly (Variable | undefined)[]

/** A vector over a part of a peer's flat parameters. */
export interface PartVector {
  readonly values: Float32Array
  /** Where in the flat parameters it begins. @default 0 */
  readonly start?: number | undefined
}

/** What a rule sees of a step. */
export interface RuleStep {
  readonly weights: Weights
  /** η. Updates have it in them already: what is in the gradient's own units is multiplied by it. */
  readonly learningRate: number
  /** What {@link Rule.begin} made. */
  readonly kept: Kept
}

/**
 * A rule of a step, as the worker applies it; each of its parts is left out where it has none. A rule does not know what
 * it works on: operations over all tensors go through {@link Weights.norm}, all others number by number.
 *
 * Its operations are the same in each step of a round, and what changes from step to step is in {@link RuleStep.kept}:
 * on native TensorFlow they are called for one step and then repeated by the library (graph/replay.ts). A rule that draws
 * random numbers or reads a tensor is noticed and called for each step; one that counts steps by itself is not.
 */
export interface Rule<Spec extends { readonly rule: string } = { readonly rule: string }> {
  readonly name: Spec['rule']
  /**
   * Before the first step of a round; the chain frees what it returns.
   *
   * @param specs - one for each peer of the stack; they differ in their vectors alone
   */
  begin?(specs: readonly Spec[], weights: Weights, learningRate: number): Kept
  /**
   * Where what it keeps of a peer goes after the round's last step, number by number as it lies beside the weights: a
   * vector on shared memory of the rule's own spec, written with the parameters or not at all.
   *
   * @default nowhere
   */
  lasts?(spec: Spec): PartVector
  /**
   * Takes the gradient in a way of its own. Rules with this part are applied before all others, each around those in front of it.
   *
   * @param gradientsAt - may be called more than once; the variables must end as they were
   * @returns figures of the first pass, at the weights as they are
   */
  gradients?(spec: Spec, gradientsAt: GradientsAt, factor: number, step: RuleStep): Gradients
  /**
   * Makes one update of another.
   *
   * @param updates - η times the gradients, and what rules in front made of them
   */
  update?(spec: Spec, updates: readonly Tensor[], step: RuleStep): Tensor[]
}

/** Guards a division by a norm (ALGORITHMS.md 2). */
export const normGuard = 1e-12
