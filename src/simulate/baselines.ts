import merge from 'it-merge'
import { type Dataset, partition, type Shard } from '../data/index.js'
import type { LearnerPool } from '../learner/index.js'
import { localTraining, type Manifest, runRounds } from '../node/index.js'
import type { HeadSection } from '../tensors/index.js'
import { type BaselineName, type RunEvent, spreadOf } from '../watch/index.js'

export interface BaselinesInit {
  readonly manifest: Manifest
  readonly dataset: Dataset
  readonly shards: readonly Shard[]
  readonly pool: LearnerPool
  readonly head: HeadSection
}

/** Accuracy on the test set after the last round. */
export interface Baselines {
  /** Mean of the peers, each alone with its own data. */
  readonly localOnly: number
  /** Each of those peers. */
  readonly localOnlyOf: readonly number[]
  /** One model on all data in one place, for as many epochs. */
  readonly centralised: number
}

/**
 * What Hearsay is measured against: the same rounds of the same local training without gossip, once on every peer's
 * own data and once on all of it. Both run side by side, as the centralised one alone would leave cores idle.
 */
export async function* runBaselines(
  init: BaselinesInit,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, Baselines, undefined> {
  const { manifest, dataset, shards } = init
  const [everything] = partition(dataset, { kind: 'iid' }, 1, manifest.seed)
  const alone = new Map<number, number>()
  let centralised = Number.NaN
  const sources = [
    ...shards.map((shard, peer) => accuracies(init, 'localOnly', shard, peer, signal)),
    // A number of its own, so that it draws batches that no peer draws.
    accuracies(init, 'centralised', everything!, shards.length, signal),
  ]
  for await (const { name, peer, round, accuracy } of merge(...sources)) {
    if (name === 'centralised') centralised = accuracy
    else alone.set(peer, accuracy)
    yield { type: 'baseline', name, round, rounds: manifest.rounds, accuracy }
  }
  const localOnlyOf = shards.map((_, peer) => alone.get(peer)!)
  return { localOnly: spreadOf(localOnlyOf).mean, localOnlyOf, centralised }
}

interface Progress {
  readonly name: BaselineName
  readonly peer: number
  readonly round: number
  readonly accuracy: number
}

async function* accuracies(
  { manifest, dataset, pool, head }: BaselinesInit,
  name: BaselineName,
  shard: Shard,
  self: number,
  signal: AbortSignal,
): AsyncGenerator<Progress, void, undefined> {
  const rounds = runRounds(
    {
      self,
      rounds: manifest.rounds,
      learner: pool.learner(shard, self),
      training: localTraining(manifest),
      parameters: pool.initialParameters(),
      head,
      test: dataset.test,
    },
    signal,
  )
  for await (const event of rounds) {
    if (event.type === 'evaluated') yield { name, peer: self, round: event.round, accuracy: event.accuracy }
  }
}
