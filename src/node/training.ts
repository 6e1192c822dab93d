import { isGrade } from '../data/index.js'
import { HearsayError } from '../errors.js'
import type { LocalPlan } from '../learner/index.js'
import { localPlanOf, methodOf, type Plan, sampledPlan } from '../methods/index.js'
import { bodySection, type HeadSection, headSection, type Layout } from '../tensors/index.js'
import { endsMerged, hasSilence } from '../topology/index.js'
import { isOfValues, type Manifest } from './manifest.js'
import type { RoundsInit } from './round.js'

/** Local training of each round, as the manifest and its method settle it together. */
export function localPlan({ training, merge }: Manifest): (round: number) => LocalPlan {
  return localPlanOf(training, methodOf(merge).local(merge))
}

/**
 * Which part of the model is shared: `share` is `all`, `head` for the model's own split, `body` for all that is not the
 * head (as FedRep does), or the name of the layer that the shared part begins with.
 *
 * @param headLayer - where the model's own head begins
 */
export function sharedSection({ share }: Pick<Manifest, 'share'>, layout: Layout, headLayer: string): HeadSection {
  if (share === 'all') return headSection(layout)
  if (share === 'body') return bodySection(layout, headLayer)
  return share === 'head' ? headSection(layout, headLayer) : headSection(layout, share, 'share')
}

/**
 * What the manifest's method puts on the roads.
 *
 * @throws {@link HearsayError} `MANIFEST` for masks over a method that exchanges more than once a round, or never;
 *   for rounds without exchange where it keeps vectors that every exchange renews
 */
export function planOf({ merge, data, masks, exchange }: Manifest, head: HeadSection): Plan {
  if (exchange.when === 'sampled') return sampledPlan(head)
  const plan = methodOf(merge).plan(merge, { head, isOfValues: isOfValues(data) })
  // How often a method exchanges is known by its plan alone. Each further time makes another sum of the same heads.
  if (masks !== undefined && plan.steps !== 1) {
    throw new HearsayError(
      'MANIFEST',
      `masks: needs one exchange a round, and merge: ${merge.method} has ${plan.steps}; use another method, or remove it`,
    )
  }
  if (plan.keepsState === true && hasSilence(exchange)) {
    throw new HearsayError(
      'MANIFEST',
      `exchange: merge: ${merge.method} keeps vectors that every round's exchange renews, and here some rounds have none; exchange in every round, or use a method of plain averages`,
    )
  }
  return plan
}

/** What of a manifest its rounds need. */
export function roundsOf({
  rounds,
  evaluation,
  exchange,
}: Manifest): Pick<RoundsInit, 'rounds' | 'evaluateEvery' | 'alwaysGrades' | 'endsMerged'> {
  const alwaysGrades = isGrade(evaluation.primary)
  return { rounds, evaluateEvery: evaluation.every, alwaysGrades, endsMerged: endsMerged(exchange) }
}
