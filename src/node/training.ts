import { type LocalTraining, resolveTraining } from '../learner/index.js'
import { bodySection, type HeadSection, headSection, type Layout } from '../tensors/index.js'
import type { Manifest } from './manifest.js'
import { resolveMethod } from './method.js'

/** Local training as the manifest and its merge method settle it together. */
export function localTraining(manifest: Manifest): LocalTraining {
  return resolveTraining(manifest.training, resolveMethod(manifest).local)
}

/**
 * Which part of the model is shared: `share` is `all`, `head` for the model's own split, `body` for all that is not the
 * head (as FedRep does), or the name of the layer from which on.
 *
 * @param headLayer - where the model's own head begins
 */
export function sharedSection({ share }: Manifest, layout: Layout, headLayer: string): HeadSection {
  if (share === 'all') return headSection(layout)
  if (share === 'body') return bodySection(layout, headLayer)
  return share === 'head' ? headSection(layout, headLayer) : headSection(layout, share, 'share')
}
