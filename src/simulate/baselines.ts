import merge from 'it-merge'
import { type Dataset, partition, type Samples, type Shard } from '../data/index.js'
import type { Learner } from '../learner/index.js'
import { localTraining, type Manifest, runRounds } from '../node/index.js'
import { type BaselineName, type RunEvent, spreadOf } from '../watch/index.js'
import { learnersOf, type PeerModel } from './models.js'

export interface BaselinesInit {
  readonly manifest: Manifest
  readonly dataset: Dataset
  readonly shards: readonly Shard[]
  readonly tests: readonly Samples[]
  readonly models: readonly PeerModel[]
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
  const { manifest, dataset, shards, tests, models } = init
  const [all] = partition(dataset, { kind: 'iid' }, 1, manifest.seed)
  const everything = { ...all!, standardisation: shards[0]!.common ?? all!.standardisation }
  const alone = new Map<number, number>()
  let centralised = Number.NaN
  const learners = learnersOf(models, shards)
  const [first] = models as [PeerModel]
  const sources = [
    ...learners.map((learner, self) =>
      accuracies({ manifest, name: 'localOnly', learner, self, test: tests[self]!, ...models[self]! }, signal),
    ),
    // A number of its own, so that it draws batches that no peer draws.
    accuracies(
      {
        manifest,
        name: 'centralised',
        learner: first.model.learner(everything, shards.length),
        self: shards.length,
        test: dataset.test,
        ...first,
      },
      signal,
    ),
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

interface OneAlone extends PeerModel {
  readonly manifest: Manifest
  readonly name: BaselineName
  readonly learner: Learner
  readonly self: number
  readonly test: Samples
}

async function* accuracies(
  { manifest, name, learner, self, test, model, head }: OneAlone,
  signal: AbortSignal,
): AsyncGenerator<Progress, void, undefined> {
  const parameters = model.initialParameters()
  const training = localTraining(manifest)
  const rounds = runRounds(
    {
      self,
      rounds: manifest.rounds,
      train: (round, signal) => learner.train(parameters, round, training, { signal }),
      parameters,
      head,
      evaluate: async (_, signal) => {
        const { samples: _samples, ...tested } = await learner.evaluate(parameters, test, { signal })
        return tested
      },
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
