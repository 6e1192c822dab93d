import type { LocalPlan } from '../learner/index.js'
import { localPlanOf, methodOf, type Plan } from '../methods/index.js'
import { bodySection, type HeadSection, headSection, type Layout } from '../tensors/index.js'
import { isOfValues, type Manifest } from './manifest.js'

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

/** What the manifest's method puts on the roads. */
export function planOf({ merge, data }: Manifest, head: HeadSection): Plan {
  return methodOf(merge).plan(merge, { head, isOfValues: isOfValues(data) })
}
