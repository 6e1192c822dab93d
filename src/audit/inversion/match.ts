import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import {
  type DeviceModel,
  rowsOf,
  type Targets,
  tapeGradients,
  targetTensor,
  tf,
  upload,
} from '../../learner/device.js'
import { random } from '../../random.js'

/** A batch whose gradient was seen. */
export interface Match {
  readonly model: DeviceModel
  readonly parameters: Float32Array
  readonly gradient: Float32Array
  /** Of the batch's records, which the attacker is given. */
  readonly targets: Targets
  readonly size: number
  readonly inputShape: readonly number[]
  /** The least and the most that an input of each channel can be, standardised. */
  readonly bounds: readonly [low: Float32Array, high: Float32Array]
  readonly iterations: number
  readonly seed: number
}

/** Step length of the search at its beginning, in standard deviations of the inputs (arXiv 2003.14053, appendix). */
const rate = 0.1
/** After these shares of the iterations it is a tenth of what it was before, as there. */
const falls = [3 / 8, 5 / 8, 7 / 8]
/** Weight of total variation: pictures are smooth. */
const smoothness = 1e-2
/** How far the parameters are moved to see the gradient of a gradient, as a share of their length. */
const nudge = 1e-3
const [beta1, beta2] = [0.9, 0.999]

/**
 * Inverts a gradient by search ("Inverting Gradients", arXiv 2003.14053): the inputs x, of known labels, whose gradient
 * g(x) has the direction of the one that was seen, g*, by Adam on the sign of ∂/∂x (1 − cos(g(x), g*)) + α·TV(x).
 *
 * That derivative is one of a gradient, which not every operation has. It is taken by differences instead: with
 * v = ∂(1 − cos)/∂g held constant, ∂⟨g(x), v⟩/∂x = (∂L(x; w + εv)/∂x − ∂L(x; w − εv)/∂x)/2ε, so that first derivatives do
 * (Pearlmutter 1994, "Fast exact multiplication by the Hessian", section 2).
 *
 * @param aborted - asked before each iteration
 * @returns the inputs, a row each; nothing when it was aborted
 */
export async function matchOf(match: Match, aborted: () => boolean): Promise<Float32Array | undefined> {
  const { model, parameters, gradient, targets, size, inputShape, iterations, seed } = match
  upload(model, parameters)
  const expected = targetTensor(size, targets, (row, into, at) => targets.write(row, into, at))
  const fixed = { expected, seen: partsOf(model, gradient), start: partsOf(model, parameters) }
  const draw = random(seed, 'audit/match')
  const first = Float32Array.from({ length: size * inputShape.reduce((a, b) => a * b, 1) }, () => draw.uniform() - 0.5)
  let state = stateOf(tf.tensor(first, [size, ...inputShape]))
  try {
    for (let step = 0; step < iterations; step++) {
      if (aborted()) return undefined
      const next = tf.tidy(() => stepFrom(match, fixed, state, step))
      tf.dispose({ ...state })
      state = next
    }
    return (await state.x.data()) as Float32Array
  } finally {
    tf.dispose([state.x, state.mean, state.spread, expected, ...fixed.seen, ...fixed.start])
  }
}

/** Where the search is, with Adam's two moments. */
type State = {
  readonly x: Tensor
  readonly mean: Tensor
  readonly spread: Tensor
}

/** Does not change. */
interface Fixed {
  readonly expected: ReturnType<typeof targetTensor>
  /** The gradient that was seen, a tensor for each trainable weight. */
  readonly seen: readonly Tensor[]
  /** The weights. */
  readonly start: readonly Tensor[]
}

function stateOf(x: Tensor): State {
  return { x, mean: tf.zerosLike(x), spread: tf.zerosLike(x) }
}

/** A vector as a tensor for each trainable weight. */
function partsOf({ layout, variables, trainable }: DeviceModel, vector: Float32Array): Tensor[] {
  return trainable.map(variable => {
    const { offset, size, shape } = layout.tensors[variables.indexOf(variable)]!
    return tf.tensor(vector.slice(offset, offset + size), [...shape])
  })
}

function stepFrom({ model, targets, bounds, iterations }: Match, fixed: Fixed, state: State, step: number): State {
  const { x } = state
  const lossOf = (inputs: Tensor): Scalar =>
    tf.mean(targets.losses(rowsOf(model.logits(inputs, false)), fixed.expected)) as Scalar
  const slope = tf.add(slopeOf(model, lossOf, x, fixed), tf.mul(roughness(x), smoothness))
  const signs = tf.sign(slope)
  const mean = tf.add(tf.mul(state.mean, beta1), tf.mul(signs, 1 - beta1))
  const spread = tf.add(tf.mul(state.spread, beta2), tf.mul(tf.square(signs), 1 - beta2))
  const fallen = falls.filter(share => step >= share * iterations).length
  const length = (rate * 0.1 ** fallen * Math.sqrt(1 - beta2 ** (step + 1))) / (1 - beta1 ** (step + 1))
  const moved = tf.sub(x, tf.div(tf.mul(mean, length), tf.add(tf.sqrt(spread), 1e-8)))
  const [low, high] = bounds.map(bound => tf.tensor1d(bound))
  return { x: tf.minimum(tf.maximum(moved, low!), high!), mean, spread }
}

/** ∂(1 − cos(g(x), g*))/∂x, by differences: see {@link matchOf}. */
function slopeOf(model: DeviceModel, lossOf: (x: Tensor) => Scalar, x: Tensor, { seen, start }: Fixed): Tensor {
  const place = (weights: readonly Tensor[]): void => {
    for (const [i, variable] of model.trainable.entries()) variable.assign(weights[i]!)
  }
  place(start)
  const { gradients } = tapeGradients(() => lossOf(x), model.trainable)(1)
  const direction = towards(gradients, seen)
  const epsilon = tf.div(tf.mul(lengthOf(start), nudge), tf.maximum(lengthOf(direction), 1e-12))
  const [ahead, behind] = [1, -1].map(sign => {
    place(start.map((weight, i) => tf.add(weight, tf.mul(direction[i]!, tf.mul(epsilon, sign)))))
    return tf.grad(lossOf)(x)
  })
  return tf.div(tf.sub(ahead!, behind!), tf.mul(epsilon, 2))
}

/** ∂(1 − cos(g, s))/∂g = (cos·g/‖g‖ − s/‖s‖)/‖g‖, s being the gradient that was seen. */
function towards(gradients: readonly Tensor[], seen: readonly Tensor[]): Tensor[] {
  const [length, wanted] = [gradients, seen].map(vector => tf.maximum(lengthOf(vector), 1e-12))
  const product = tf.addN(gradients.map((part, i) => tf.sum(tf.mul(part, seen[i]!))))
  const cosine = tf.div(product, tf.mul(length!, wanted!))
  return gradients.map((part, i) =>
    tf.div(tf.sub(tf.div(tf.mul(cosine, part), length!), tf.div(seen[i]!, wanted!)), length!),
  )
}

function lengthOf(vector: readonly Tensor[]): Tensor {
  return tf.sqrt(tf.addN(vector.map(part => tf.sum(tf.square(part)))))
}

/** The derivative of total variation: of pictures the mean distance of neighbouring pixels, else 0. */
function roughness(x: Tensor): Tensor {
  if (x.rank !== 4) return tf.zerosLike(x)
  const [, height, width] = x.shape as [number, number, number]
  const apart = (axis: 1 | 2, length: number, images: Tensor): Scalar => {
    const [from, behind] = [1, 0].map(start => {
      const begin = [0, 0, 0, 0]
      begin[axis] = start
      const size = [-1, -1, -1, -1]
      size[axis] = length - 1
      return tf.slice(images, begin, size)
    })
    return tf.mean(tf.abs(tf.sub(from!, behind!))) as Scalar
  }
  return tf.grad((images: Tensor) => tf.add(apart(1, height, images), apart(2, width, images)))(x)
}
