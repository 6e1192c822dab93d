import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core'
import { peerNorms } from '../../../src/learner/dense/gradients.js'
import { globalNorm } from '../../../src/learner/norm.js'
import { Chain } from '../../../src/learner/rules/chain.js'
import { ruleBook } from '../../../src/learner/rules/index.js'
import type { GradientsAt, Rule, Weights } from '../../../src/learner/rules/rule.js'
import type { RuleSpec } from '../../../src/learner/rules/spec.js'
import { tapeGradients } from '../../../src/learner/tape.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { layoutOf } from '../../../src/tensors/index.js'

/** One peer's weights in the given shapes, one after another in the flat parameters. */
export function weightsFrom(values: ArrayLike<number>, shapes: readonly (readonly number[])[]): Weights {
  const { tensors, size } = layoutOf(shapes.map((shape, i) => ({ name: `w${i}`, shape })))
  const variables = tensors.map(({ offset, size, shape }) =>
    tf.tidy(() => tf.variable(tf.tensor(Array.from(values).slice(offset, offset + size), [...shape]))),
  )
  return { variables, tracked: [], places: tensors, size, norm: globalNorm }
}

/** Steps of a chain on a loss of the variables, from given values; the flat values after each step. */
export function steps(
  values: readonly number[],
  rules: readonly RuleSpec[],
  loss: (variables: readonly Variable[]) => Scalar,
  { learningRate = 0.1, count = 1, shapes = [[values.length]] as number[][], foreign = [] as Rule[] } = {},
): number[][] {
  const weights = weightsFrom(values, shapes)
  const gradientsAt = tapeGradients(() => loss(weights.variables), weights.variables)
  try {
    const chain = new Chain({ weights, rules: [rules], learningRate, book: ruleBook(foreign) })
    const seen = Array.from({ length: count }, () => {
      tf.tidy(() => void chain.step(weights, gradientsAt))
      return flat(weights.variables)
    })
    chain.dispose()
    return seen
  } finally {
    tf.dispose([...weights.variables])
  }
}

/** The gradient of ½Σ scale·y², number by number, for weights of one peer or of a stack. */
export function quadratic(scales: readonly Tensor[], variables: readonly Variable[]): GradientsAt {
  return factor => ({
    figures: [tf.scalar(0)],
    gradients: variables.map((variable, i) => tf.mul(tf.mul(variable, scales[i]!), factor)),
  })
}

/** The shapes that {@link aloneAndStacked} trains: a kernel and a bias. */
const shapes = [[4, 3], [3]] as const
/** Numbers of one peer. */
export const peerSize = 15

/** Two peers' values after three steps of a rule, each by itself and both in a stack. */
export function aloneAndStacked(
  rulesOf: (peer: number) => readonly RuleSpec[],
): Record<'alone' | 'stacked', number[][]> {
  const start = (peer: number) => Array.from({ length: peerSize }, (_, k) => Math.sin(1 + k + 7 * peer))
  const scales = [
    tf.tensor(
      Array.from({ length: 12 }, (_, k) => 1 + k / 3),
      [4, 3],
    ),
    tf.tensor1d([2, 5, 0.5]),
  ]
  const learningRate = 0.05
  const book = ruleBook()
  const alone = [0, 1].map(peer => {
    const weights = weightsFrom(start(peer), shapes)
    const chain = new Chain({ weights, rules: [rulesOf(peer)], learningRate, book })
    for (let step = 0; step < 3; step++) tf.tidy(() => void chain.step(weights, quadratic(scales, weights.variables)))
    const after = flat(weights.variables)
    chain.dispose()
    tf.dispose([...weights.variables])
    return after
  })
  const { tensors: places } = layoutOf(shapes.map((shape, i) => ({ name: `w${i}`, shape })))
  const variables = places.map(place => {
    const { offset, size, shape } = place!
    const values = [0, 1].flatMap(peer => start(peer).slice(offset, offset + size))
    return tf.tidy(() => tf.variable(tf.tensor(values, [2, ...(shape.length === 1 ? [1] : []), ...shape])))
  })
  const weights = { variables, tracked: [], places, size: peerSize, norm: peerNorms }
  const chain = new Chain({ weights, rules: [rulesOf(0), rulesOf(1)], learningRate, book })
  const ofStack = [tf.expandDims(scales[0]!), tf.reshape(scales[1]!, [1, 1, 3])]
  for (let step = 0; step < 3; step++) tf.tidy(() => void chain.step(weights, quadratic(ofStack, variables)))
  const stacked = [0, 1].map(peer =>
    variables.flatMap(variable => {
      const all = [...variable.dataSync()]
      return all.slice((peer * all.length) / 2, ((peer + 1) * all.length) / 2)
    }),
  )
  chain.dispose()
  tf.dispose([variables, scales, ofStack])
  return { alone, stacked }
}

/** The values of all variables one after another. */
export function flat(variables: readonly Tensor[]): number[] {
  return variables.flatMap(variable => [...variable.dataSync()])
}
