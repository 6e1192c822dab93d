import type { Dataset } from '../data/index.js'
import { HearsayError } from '../errors.js'
import type { LearnerPool, ModelChoice, ModelSpec } from '../learner/index.js'
import { methodOf } from '../methods/index.js'
import { describeLayout, type HeadSection, sameLayout } from '../tensors/index.js'
import type { Manifest } from './manifest.js'
import type { PeerOptions } from './peer-options.js'
import { sharedSection } from './training.js'

/** This peer's model, followed by the run's where that is another: its head determines the layout of all heads. */
export function choicesOf(
  { manifest, model }: Pick<PeerOptions, 'manifest' | 'model'>,
  { inputShape }: Dataset,
  share: number | undefined,
): [ModelChoice, ...ModelChoice[]] {
  const { models = [manifest.model], merge } = manifest
  const [first] = models as [ModelSpec]
  const own = model ?? models[(share ?? 0) % models.length]!
  if (methodOf(merge).needs.models !== 'own' && model !== undefined) {
    throw new HearsayError(
      'USAGE',
      `peers of this run merge their models (${merge.method}) and must have the same; leave it out`,
      { field: '--model' },
    )
  }
  const runs = { model: first, inputShape: manifest.task?.inputShape ?? inputShape }
  const isRuns = own === first && runs.inputShape.join() === inputShape.join()
  return isRuns ? [runs] : [{ model: own, inputShape }, runs]
}

/** @throws {@link HearsayError} `MODEL` if this peer's head differs in layout from the run's */
export function checkHead(head: HeadSection, { models: [, runs] }: LearnerPool, manifest: Manifest): void {
  if (runs === undefined) return
  const agreed = sharedSection(manifest, runs.layout, runs.headLayer)
  if (sameLayout(head.layout, agreed.layout)) return
  throw new HearsayError(
    'MODEL',
    `its head is ${describeLayout(head.layout)} and the run's ${describeLayout(agreed.layout)}; give it features of the same width (features, or the last of hidden)`,
    { field: 'model' },
  )
}
