import { HearsayError } from '../errors.js'
import type { Learner, LearnerPool, PeerData, PoolModel } from '../learner/index.js'
import { type Manifest, sharedSection } from '../node/index.js'
import { describeLayout, type HeadSection, sameLayout } from '../tensors/index.js'

/** A peer's model, and which part of it is shared. */
export interface PeerModel {
  readonly model: PoolModel
  readonly head: HeadSection
}

/** Each peer's model: that of the run, or those of `models` in turn where the method takes several. */
export function modelsOf(manifest: Manifest, pool: LearnerPool): PeerModel[] {
  const all = pool.models.map(model => ({ model, head: sharedSection(manifest, model.layout, model.headLayer) }))
  const [first] = all as [PeerModel]
  for (const [at, { head }] of all.entries()) {
    if (sameLayout(head.layout, first.head.layout)) continue
    throw new HearsayError(
      'MODEL',
      `models.${at}: its head is ${describeLayout(head.layout)} and that of models.0 is ${describeLayout(first.head.layout)}; heads travel and must be alike, so give all models features of one width (features, or the last of hidden)`,
    )
  }
  return Array.from({ length: manifest.peers }, (_, peer) => all[peer % all.length]!)
}

/** The learners in the order of their peers; those with the same model may train side by side. */
export function learnersOf(models: readonly PeerModel[], data: readonly PeerData[]): Learner[] {
  const learners: Learner[] = []
  for (const model of new Set(models.map(({ model }) => model))) {
    const peers = [...data.keys()].filter(peer => models[peer]!.model === model)
    const theirs = model.learners(
      peers.map(peer => data[peer]!),
      peers,
    )
    for (const [place, peer] of peers.entries()) learners[peer] = theirs[place]!
  }
  return learners
}
