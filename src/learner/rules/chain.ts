import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { tf } from '../tensorflow.js'
import type { RuleBook } from './index.js'
import type { GradientsAt, Kept, Rule, Weights } from './rule.js'
import type { RuleSpec } from './spec.js'

interface Link {
  readonly rule: Rule
  /** Of each peer. */
  readonly specs: readonly RuleSpec[]
  kept: Kept
}

/** A vector of a rule that outlasts the round: see {@link Rule.lasts}. */
export interface Lasting {
  readonly into: Float32Array
  readonly values: Float32Array
}

/** What the steps of a round are made of. */
export interface ChainInit {
  readonly weights: Weights
  /** Of each peer that is trained: all have the same rules, with vectors of their own. */
  readonly rules: readonly (readonly RuleSpec[])[]
  readonly learningRate: number
  readonly book: RuleBook
}

/** The rules of a round, one after another, and what they keep from step to step. */
export class Chain {
  private readonly links: Link[] = []
  private readonly learningRate: number

  /** @throws RangeError for a rule that this worker does not know, or a vector that does not fit */
  constructor({ weights, rules, learningRate, book }: ChainInit) {
    this.learningRate = learningRate
    try {
      for (const [place, { rule: name }] of rules[0]!.entries()) {
        const rule = book.get(name)
        if (rule === undefined) throw new RangeError(`this worker has no rule "${name}"`)
        const ofAll = rules.map(specs => specs[place]!)
        this.links.push({ rule, specs: ofAll, kept: rule.begin?.(ofAll, weights, learningRate) ?? [] })
      }
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  /**
   * One step on one mini-batch, within a tidy: y ← y − η·(what the rules make of the gradient).
   *
   * The gradient is taken of η·loss, so that the step is one subtraction a tensor: scaling the gradient afterwards would
   * go over all parameters once more, in a model of 1.7 million a twentieth of a step.
   *
   * @returns the batch's figures, at the weights before the step
   */
  step(weights: Weights, gradientsAt: GradientsAt): readonly Tensor[] {
    const { learningRate } = this
    const at = this.links.reduce<GradientsAt>(
      (inner, { rule, specs: [spec], kept }) =>
        rule.gradients === undefined
          ? inner
          : factor => rule.gradients!(spec!, inner, factor, { weights, learningRate, kept }),
      gradientsAt,
    )
    const { figures, gradients } = at(learningRate)
    const updates = this.links.reduce(
      (updates, { rule, specs: [spec], kept }) =>
        rule.update?.(spec!, updates, { weights, learningRate, kept }) ?? updates,
      gradients,
    )
    for (const [i, variable] of weights.variables.entries()) variable.assign(tf.sub(variable, updates[i]!))
    return figures
  }

  /** What the rules keep from step to step. */
  get kept(): readonly Variable[] {
    return this.links.flatMap(({ kept }) => kept.filter(variable => variable !== undefined))
  }

  /**
   * Reads what lasts beyond the round.
   *
   * @param peer - its place in the stack; 0 for one alone
   * @returns for each vector that is to be written what it is to be
   */
  async lasting({ places }: Weights, peer: number): Promise<Lasting[]> {
    const all = this.links.flatMap(({ rule, specs, kept }) => {
      const into = rule.lasts?.(specs[peer]!)
      return into === undefined ? [] : [{ into, kept }]
    })
    return Promise.all(
      all.map(async ({ into: { values: into, start = 0 }, kept }) => {
        const values = into.slice()
        for (const [i, variable] of kept.entries()) {
          const place = places[i]
          if (variable === undefined || place === undefined) continue
          const { offset, size } = place
          if (offset < start || offset + size > start + into.length) continue
          values.set((await variable.data()).subarray(peer * size, (peer + 1) * size), offset - start)
        }
        return { into, values }
      }),
    )
  }

  /** Goes on with the first peers of a stack alone. */
  narrow(peers: number): void {
    for (const link of this.links) link.kept = link.kept.map(variable => variable && firstOf(variable, peers))
  }

  dispose(): void {
    for (const { kept } of this.links) for (const variable of kept) variable?.dispose()
  }
}

/** What belongs to the first peers of a stack, as a variable of its own. The old one is freed. */
export function firstOf(variable: Variable, peers: number): Variable {
  const first = tf.tidy(() => tf.variable(tf.slice(variable, 0, peers), false))
  variable.dispose()
  return first
}
