import type { LocalPlan, RuleSpec } from '../learner/index.js'
import { bodySection, type HeadSection, headSection, type Layout } from '../tensors/index.js'
import type { Manifest } from './manifest.js'
import { resolveMethod } from './method.js'

/** Local training of each round, as the manifest and its merge method settle it together. */
export function localPlan(manifest: Manifest): (round: number) => LocalPlan {
  const { local } = resolveMethod(manifest)
  const { steps, epochs = 1, batch, learningRate, decay, augment, ...rest } = manifest.training
  const plan = {
    length: local.oneStep ? { steps: 1 } : steps === undefined ? { epochs } : { steps },
    batch,
    rules: rulesOf({ ...rest, ...local }),
    ...(augment === undefined ? {} : { augment }),
  }
  return round => ({ ...plan, learningRate: learningRate * decay ** round })
}

/**
 * The chain of rules that a run's numbers mean. Clipping bounds the gradient alone, as it comes out of SAM and before
 * weight decay is added; a number of 0 makes no rule, so that a radius of 0 is plain SGD to the last bit (P3).
 */
export function rulesOf(numbers: {
  readonly rho: number
  readonly adaptive: boolean
  readonly clip?: number | undefined
  readonly weightDecay: number
  readonly momentum: number
}): RuleSpec[] {
  const { rho, adaptive, clip, weightDecay, momentum } = numbers
  return [
    ...(rho > 0 ? [{ rule: 'sam', rho, adaptive } as const] : []),
    ...(clip === undefined ? [] : [{ rule: 'clip', limit: clip } as const]),
    ...(weightDecay > 0 ? [{ rule: 'weightDecay', factor: weightDecay } as const] : []),
    ...(momentum > 0 ? [{ rule: 'momentum', factor: momentum } as const] : []),
  ]
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
