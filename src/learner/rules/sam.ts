import type { Tensor } from '@tensorflow/tfjs-core'
import { tf } from '../tensorflow.js'
import { normGuard, type Rule, type Weights } from './rule.js'

/** Takes the gradient where the loss is worst nearby: two passes a step. */
export interface SamSpec {
  readonly rule: 'sam'
  /** ρ, the radius. */
  readonly rho: number
  /** ASAM: the radius counts relative to each weight's size. */
  readonly adaptive: boolean
}

/**
 * g~ = ∇F(y + δ) (arXiv 2010.01412). Afterwards y is what it was, to the last bit: copied and put back, never y + δ − δ.
 * The second pass leaves running statistics alone.
 */
export const sam: Rule<SamSpec> = {
  name: 'sam',
  gradients({ rho, adaptive }, gradientsAt, factor, { weights }) {
    const { figures, gradients } = gradientsAt(1)
    const all = [...weights.variables, ...weights.tracked]
    const held = all.map(variable => tf.clone(variable))
    const delta = perturbation(gradients, weights, rho, adaptive)
    for (const [i, variable] of weights.variables.entries()) variable.assign(tf.add(variable, delta[i]!))
    const sharp = gradientsAt(factor)
    for (const [i, variable] of all.entries()) variable.assign(held[i]!)
    return { figures, gradients: sharp.gradients }
  },
}

/** δ = ρ·g/(‖g‖ + 1e-12), one norm over all tensors; adaptive: δ = ρ·y²g/(‖|y|g‖ + 1e-12) (arXiv 2102.11600). */
export function perturbation(
  gradients: readonly Tensor[],
  { variables, norm }: Pick<Weights, 'norm'> & { readonly variables: readonly Tensor[] },
  rho: number,
  adaptive: boolean,
): Tensor[] {
  const scaled = adaptive ? gradients.map((g, i) => tf.mul(tf.abs(variables[i]!), g)) : gradients
  const factor = tf.div(rho, tf.add(norm(scaled), normGuard))
  return gradients.map((g, i) => tf.mul(adaptive ? tf.mul(tf.square(variables[i]!), g) : g, factor))
}
