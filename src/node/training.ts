import { type LocalTraining, resolveTraining } from '../learner/index.js'
import { resolveMerge } from '../merge/index.js'
import { type HeadSection, headSection, type Layout } from '../tensors/index.js'
import type { Manifest } from './manifest.js'

/** Local training as the manifest and its merge method settle it together. */
export function localTraining({ training, merge }: Manifest): LocalTraining {
  return resolveTraining(training, resolveMerge(merge).local)
}

/**
 * Which part of the model is shared: `share` is `all`, `head` for the model's own split, or a layer's name.
 *
 * @param headLayer - where the model's own head begins
 */
export function sharedSection({ share }: Manifest, layout: Layout, headLayer: string): HeadSection {
  if (share === 'all') return headSection(layout)
  return share === 'head' ? headSection(layout, headLayer) : headSection(layout, share, 'share')
}
