import { createMixtureLearner, type MixtureSpec, resolveMixture } from '../../mixture/index.js'
import type { MethodAnswers } from '../answers.js'

/** All experts answer, and the gate determines how much each counts. */
export const mixtureAnswers: MethodAnswers<MixtureSpec> = {
  beside: 'the others’ heads and a gate',
  async predict(section, { name, pool, parameters, kept, heads, data, isOfValues }, options) {
    const learner = createMixtureLearner({
      pool,
      model: pool.models[0],
      data,
      peer: 0,
      seed: 0,
      settings: resolveMixture(section, isOfValues ? 'values' : 'classes'),
      // Nothing is trained.
      localPlan() {
        throw new Error('a kept peer does not train')
      },
      rounds: 1,
    })
    learner.restore(kept.tensors, `the mixture of ${name}`)
    const { outputs, experts, weights } = await learner.predict(parameters, heads, data.samples, options)
    const names = new Map(heads.map(({ peer, name }) => [peer, name ?? peer.slice(-6)]))
    return { outputs, listened: { heads: experts.map(peer => ({ peer, name: names.get(peer) ?? peer })), weights } }
  },
}
