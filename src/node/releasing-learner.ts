import type { PeerIdStr } from '../gossip/index.js'
import type { Learner } from '../learner/index.js'
import type { Neighbourhood } from '../methods/index.js'
import { ContributionBudget } from '../privacy/index.js'
import { secretWords, seededWords } from '../random.js'
import type { AssemblyInit } from './assembled-peer.js'
import { contributionLearner } from './contribution-learner.js'
import type { PairKeys } from './pair-keys.js'
import { createPairViews } from './pair-view.js'

/**
 * The peer's learner; with a budget of privacy for contributions, one that noises what is released.
 *
 * @param keys - there with such a budget
 * @param neighbourhoodAt - see {@link PairViewsInit}
 */
export function releasingLearner(
  init: Pick<AssemblyInit, 'learner' | 'budget' | 'runId' | 'manifest' | 'number' | 'field'>,
  self: PeerIdStr,
  keys: PairKeys | undefined,
  neighbourhoodAt: (round: number) => Neighbourhood | undefined,
): Learner {
  const { learner, budget, runId, manifest, number, field } = init
  if (!(budget instanceof ContributionBudget)) return learner
  return contributionLearner({
    learner,
    budget,
    self,
    viewIn: createPairViews({ runId, self, keys: keys!, pairNoise: budget.pairNoise, neighbourhoodAt }),
    // A simulation makes the same numbers again.
    ownWords: round =>
      field === undefined ? seededWords(manifest.seed, 'contribution/noise', number, round) : secretWords,
  })
}
