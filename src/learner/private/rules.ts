import { HearsayError } from '../../errors.js'
import type { RuleBook } from '../rules/index.js'
import type { Rule } from '../rules/rule.js'
import { perturbation, type SamSpec } from '../rules/sam.js'
import type { RuleSpec } from '../rules/spec.js'
import { tf } from '../tensorflow.js'

/**
 * SAM without a second question to the data: δ along the last step's gradient, which is noised already, so that it costs
 * nothing (ALGORITHMS-2.md 3.2). In the first step of a round δ is 0. The figures are those at y + δ.
 */
const pastSam: Rule<SamSpec> = {
  name: 'sam',
  begin: (_, { variables }) => tf.tidy(() => variables.map(variable => tf.variable(tf.zerosLike(variable), false))),
  gradients({ rho, adaptive }, gradientsAt, factor, { weights, kept }) {
    const { variables } = weights
    const last = kept.map(variable => variable!)
    const held = variables.map(variable => tf.clone(variable))
    const delta = perturbation(last, weights, rho, adaptive)
    for (const [i, variable] of variables.entries()) variable.assign(tf.add(variable, delta[i]!))
    const sharp = gradientsAt(factor)
    for (const [i, variable] of variables.entries()) {
      variable.assign(held[i]!)
      last[i]!.assign(sharp.gradients[i]!)
    }
    return sharp
  },
}

/**
 * The rules as private steps have them: all make their updates of a gradient that is noised already.
 *
 * @throws {@link HearsayError} `MANIFEST` for one that takes the gradient in a way of its own
 */
export function privateBook(book: RuleBook, specs: readonly RuleSpec[]): RuleBook {
  const own = specs.find(({ rule }) => rule !== pastSam.name && book.get(rule)?.gradients !== undefined)
  if (own !== undefined) {
    throw new HearsayError(
      'MANIFEST',
      `does not go with the rule ${own.rule}, which takes gradients in a way of its own; remove one of the two`,
      { field: 'privacy' },
    )
  }
  return new Map(book).set(pastSam.name, pastSam)
}
