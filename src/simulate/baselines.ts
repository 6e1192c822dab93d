import {
  type Beside,
  besideIn,
  type Dataset,
  isGrade,
  partition,
  type Quality,
  type Samples,
  type Shard,
} from '../data/index.js'
import { whose } from '../errors.js'
import type { Learner } from '../learner/index.js'
import {
  type BaselineName,
  type BesideSpread,
  localPlan,
  type Manifest,
  type RunEvent,
  runRounds,
} from '../node/index.js'
import { besideOf, spreadOf } from '../watch/index.js'
import { interleaved } from './interleaved.js'
import { learnersOf, type PeerModel } from './models.js'
import type { Prepared } from './prepared.js'

export interface BaselinesInit {
  readonly manifest: Manifest
  readonly dataset: Dataset
  readonly shards: readonly Shard[]
  readonly tests: readonly Samples[]
  readonly models: readonly PeerModel[]
  /** Of the peers. */
  readonly ids: readonly string[]
  readonly attackers: Prepared['attackers']
}

/** Accuracy on the test set after the last round. */
export interface Baselines {
  /** Mean over the honest peers, each trained alone on its own data. */
  readonly localOnly: number
  /** Each of those peers. */
  readonly localOnlyOf: readonly number[]
  /** One model on all data in one place, for as many epochs. */
  readonly centralised: number
  /** The measures beside accuracy. */
  readonly beside: {
    readonly localOnly: BesideSpread
    readonly localOnlyOf: readonly Partial<Beside>[]
    readonly centralised: BesideSpread
  }
}

/**
 * The baselines that Hearsay is measured against: the same rounds of the same local training without gossip, once on
 * every peer's own data and once on all of it. Both run side by side, as the centralised one alone leaves cores idle.
 */
export async function* runBaselines(
  init: BaselinesInit,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, Baselines, undefined> {
  const { manifest, dataset, shards, tests, models, ids, attackers } = init
  const [all] = partition(dataset, { kind: 'iid' }, 1, manifest.seed)
  const everything = { ...all!, standardisation: shards[0]!.common ?? all!.standardisation }
  const alone = new Map<number, Quality>()
  let centralised: Quality = { accuracy: Number.NaN }
  const learners = learnersOf(models, shards)
  const [first] = models as [PeerModel]
  const sources = [
    ...learners.map((learner, self) =>
      accuracies({ manifest, name: 'localOnly', learner, self, test: tests[self]!, ...models[self]! }, signal),
    ),
    // The centralised baseline has a peer number of its own, so that it draws batches that no peer draws.
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
  for await (const { name, peer, round, tested } of interleaved(sources)) {
    if (tested !== undefined && name === 'centralised') centralised = tested
    else if (tested !== undefined) alone.set(peer, tested)
    const figures = tested && { accuracy: tested.accuracy, beside: besideIn(tested) }
    const owner = name === 'localOnly' ? { peer: ids[peer]! } : {}
    yield { type: 'baseline', atMs: Date.now(), ...owner, name, round, rounds: manifest.rounds, ...figures }
  }
  const localOnly = shards.map((_, peer) => alone.get(peer)!)
  const localOnlyOf = localOnly.map(({ accuracy }) => accuracy)
  const honest = localOnly.filter((_, peer) => !attackers.has(peer))
  return {
    localOnly: spreadOf(honest.map(({ accuracy }) => accuracy)).mean,
    localOnlyOf,
    centralised: centralised.accuracy,
    beside: {
      localOnly: besideOf(honest),
      localOnlyOf: localOnly.map(besideIn),
      centralised: besideOf([centralised]),
    },
  }
}

interface Progress {
  readonly name: BaselineName
  readonly peer: number
  readonly round: number
  /** Undefined where the round ended without a test. */
  readonly tested: Quality | undefined
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
  const plan = localPlan(manifest)
  const rounds = runRounds(
    {
      rounds: manifest.rounds,
      parameters,
      head,
      session: {
        train: (round, signal) => whose(`baseline ${name}`, learner.train(parameters, round, plan(round), { signal })),
        evaluate: async (_, signal, graded) => {
          const { samples: _samples, ...tested } = await learner.evaluate(parameters, test, { signal, graded })
          return tested
        },
      },
      evaluateEvery: manifest.evaluation.every,
      alwaysGrades: isGrade(manifest.evaluation.primary),
    },
    signal,
  )
  let tested: Quality | undefined
  for await (const event of rounds) {
    if (event.type === 'trained') tested = undefined
    if (event.type === 'evaluated') tested = event
    if (event.type === 'ended') yield { name, peer: self, round: event.round, tested }
  }
}
