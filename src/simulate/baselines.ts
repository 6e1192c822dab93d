import merge from 'it-merge'
import { type Dataset, partition, type Shard } from '../data/index.js'
import type { Learner, LearnerPool } from '../learner/index.js'
import { localTraining, type Manifest, runRounds } from '../node/index.js'
import { allocate, type HeadSection } from '../tensors/index.js'
import { copyInSlices } from '../turns.js'
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
  const { manifest, dataset, shards, pool } = init
  const start = pool.initialParameters()
  const [everything] = partition(dataset, { kind: 'iid' }, 1, manifest.seed)
  const alone = new Map<number, number>()
  let centralised = Number.NaN
  const learners = pool.learners(shards)
  const sources = [
    ...learners.map((learner, peer) => accuracies(init, start, 'localOnly', learner, peer, signal)),
    // A number of its own, so that it draws batches that no peer draws.
    accuracies(init, start, 'centralised', pool.learner(everything!, shards.length), shards.length, signal),
  ]
  for await (const { name, peer, round, accuracy } of merge(...sources)) {
    if (accuracy !== undefined && name === 'centralised') centralised = accuracy
    else if (accuracy !== undefined) alone.set(peer, accuracy)
    yield { type: 'baseline', name, round, rounds: manifest.rounds, ...(accuracy === undefined ? {} : { accuracy }) }
  }
  const localOnlyOf = shards.map((_, peer) => alone.get(peer)!)
  return { localOnly: spreadOf(localOnlyOf).mean, localOnlyOf, centralised }
}

interface Progress {
  readonly name: BaselineName
  readonly peer: number
  readonly round: number
  /** Not there where the round ended without a test. */
  readonly accuracy: number | undefined
}

async function* accuracies(
  { manifest, dataset, pool, head }: BaselinesInit,
  start: Float32Array,
  name: BaselineName,
  learner: Learner,
  self: number,
  signal: AbortSignal,
): AsyncGenerator<Progress, void, undefined> {
  const parameters = allocate(pool.layout)
  await copyInSlices(parameters, start)
  const rounds = runRounds(
    {
      self,
      rounds: manifest.rounds,
      learner,
      training: localTraining(manifest),
      parameters,
      head,
      test: dataset.test,
      evaluateEvery: manifest.evaluation.every,
    },
    signal,
  )
  let accuracy: number | undefined
  for await (const event of rounds) {
    if (event.type === 'trained') accuracy = undefined
    if (event.type === 'evaluated') accuracy = event.accuracy
    if (event.type === 'ended') yield { name, peer: self, round: event.round, accuracy }
  }
}
