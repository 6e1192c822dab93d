import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core'
import { tf } from './tensorflow.js'

/** What one step needs to know. */
export interface StepSettings {
  /** η of this round. */
  readonly learningRate: number
  readonly momentum: number
  readonly weightDecay: number
  readonly clip?: number
  /** SAM radius; 0 takes one gradient instead of two. */
  readonly rho: number
  readonly adaptive: boolean
}

/** What a step moves. */
export interface StepTarget {
  readonly variables: readonly Variable[]
  /** Moved by the forward pass itself (running statistics): once a step, though SAM passes twice. */
  readonly tracked: readonly Variable[]
  /** η·v of every variable, zeros at first and whenever η changes. Needed only with momentum. */
  readonly velocity?: readonly Variable[]
}

/** Guards SAM's division by the norm (ALGORITHMS.md 2). */
const normGuard = 1e-12

/**
 * One optimiser step on one mini-batch (ALGORITHMS.md 2): SGD with momentum and weight decay, v ← βv + g + wd·y,
 * y ← y − ηv, around a plain gradient or a SAM one. Clipping bounds g alone, as it comes out of SAM and before weight
 * decay is added.
 *
 * The gradient is taken of η·loss, so that the step is one subtraction a tensor: scaling the gradient afterwards would
 * go over all parameters once more, in a model of 1.7 million a twentieth of a step.
 *
 * @param objective - the mean loss on the mini-batch at the variables' present values; called twice by SAM
 * @returns the loss at the unperturbed parameters, on the device
 */
export function trainingStep(objective: () => Scalar, target: StepTarget, settings: StepSettings): Scalar {
  const { rho, learningRate } = settings
  return tf.tidy(() => {
    if (rho === 0) {
      const { loss, gradients } = gradientsAt(objective, target.variables, learningRate)
      descend(gradients, target, settings)
      return loss
    }
    const { loss, gradients } = gradientsAt(objective, target.variables, 1)
    descend(sharpnessAware(objective, target, gradients, settings), target, settings)
    return loss
  })
}

/** The objective and factor times its gradient. */
function gradientsAt(
  objective: () => Scalar,
  variables: readonly Variable[],
  factor: number,
): { loss: Scalar; gradients: Tensor[] } {
  const { value, grads } = tf.engine().gradients(objective, [...variables], tf.scalar(factor), true)
  return { loss: value, gradients: variables.map((variable, i) => grads[i] ?? tf.zerosLike(variable)) }
}

/** η times the gradient at y + δ. Afterwards y is what it was, to the last bit: copied and put back, never y + δ − δ. */
function sharpnessAware(
  objective: () => Scalar,
  { variables, tracked }: StepTarget,
  gradients: readonly Tensor[],
  { rho, adaptive, learningRate }: StepSettings,
): Tensor[] {
  const held = [...variables, ...tracked].map(variable => tf.clone(variable))
  const delta = perturbation(gradients, variables, rho, adaptive)
  for (const [i, variable] of variables.entries()) variable.assign(tf.add(variable, delta[i]!))
  const { gradients: sharp } = gradientsAt(objective, variables, learningRate)
  for (const [i, variable] of [...variables, ...tracked].entries()) variable.assign(held[i]!)
  return sharp
}

/**
 * δ = ρ·g/(‖g‖ + 1e-12) (arXiv 2010.01412); adaptive: δ = ρ·y²g/(‖|y|g‖ + 1e-12) (arXiv 2102.11600). One norm over
 * all tensors.
 */
export function perturbation(
  gradients: readonly Tensor[],
  variables: readonly Tensor[],
  rho: number,
  adaptive: boolean,
): Tensor[] {
  return tf.tidy(() => {
    const scaled = adaptive ? gradients.map((g, i) => tf.mul(tf.abs(variables[i]!), g)) : gradients
    const factor = tf.div(rho, tf.add(globalNorm(scaled), normGuard))
    return gradients.map((g, i) => {
      const direction = adaptive ? tf.mul(tf.square(variables[i]!), g) : g
      return tf.mul(direction, factor)
    })
  })
}

/** As many as one WebGPU program may read, where its result takes one of eight buffers. */
const addendLimit = 7

/** Tensors of one shape added up, one after the other: as `tf.addN`, which on WebGPU fails with more than seven. */
export function sumOf<T extends Tensor>(tensors: readonly T[]): T {
  let sum = tf.addN(tensors.slice(0, addendLimit))
  for (let at = addendLimit; at < tensors.length; at += addendLimit - 1) {
    sum = tf.addN([sum as T, ...tensors.slice(at, at + addendLimit - 1)])
  }
  return sum as T
}

/** The 2-norm over all tensors. */
export function globalNorm(tensors: readonly Tensor[]): Scalar {
  return tf.tidy(() => {
    // First along the last axis, then the rest: wasm adds one by one in float32, and a sum of 400,000 squares in one
    // go is off by more than the 1e-5 of P5.
    const squares = tensors.map(tensor => {
      const square = tf.square(tensor)
      return tf.sum(square.rank > 1 ? tf.sum(square, -1) : square) as Scalar
    })
    return tf.sqrt(sumOf(squares))
  })
}

/** @param scaled - η times the gradients */
function descend(scaled: readonly Tensor[], target: StepTarget, settings: StepSettings): void {
  const { learningRate, momentum, weightDecay, clip } = settings
  const gradients = clip === undefined ? scaled : clipped(scaled, learningRate * clip)
  for (const [i, variable] of target.variables.entries()) {
    let step = gradients[i]!
    if (weightDecay > 0) step = tf.add(step, tf.mul(variable, learningRate * weightDecay))
    if (momentum > 0) {
      const velocity = target.velocity?.[i]
      if (velocity === undefined) throw new Error('momentum needs velocities')
      step = tf.add(tf.mul(velocity, momentum), step)
      velocity.assign(step)
    }
    variable.assign(tf.sub(variable, step))
  }
}

function clipped(gradients: readonly Tensor[], limit: number): Tensor[] {
  const factor = tf.minimum(1, tf.div(limit, tf.add(globalNorm(gradients), normGuard)))
  return gradients.map(g => tf.mul(g, factor))
}
