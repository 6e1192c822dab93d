import { HearsayError } from '../../errors.js'
import { random } from '../../random.js'
import { type Dataset, type Samples, type Shard, takeSamples } from '../dataset.js'
import { seenAt } from '../degrade.js'
import { classification } from '../objective.js'
import type { PartitionInput } from '../spec.js'
import { partitionSchema } from '../spec.js'
import { indicesByClass } from './classes.js'

/**
 * What each peer is tested on when it is judged by its own kind of data ("accuracy, personal"): for each class
 * ⌈share · ⌈n_test/m⌉⌉ test samples, drawn without replacement within a peer; peers may overlap. Peers by resolution,
 * that have the same classes, see all of them at their own resolution. Natural peers get their own test samples where the
 * data set names whose they are.
 *
 * @param spec - the partition that made the shards
 * @throws {@link HearsayError} where a natural peer has no test samples
 * @returns one set of samples per shard; never more of a class than the test split has
 */
export function personalTests(
  dataset: Dataset,
  spec: PartitionInput,
  shards: readonly Shard[],
  seed: number,
): Samples[] {
  const partition = partitionSchema.parse(spec)
  const ofTest = dataset.naturalPeers?.ofTest
  if (partition.kind === 'natural' && ofTest !== undefined) {
    return shards.map(({ name }, peer) => {
      const own = Uint32Array.from(ofTest.keys()).filter(sample => ofTest[sample] === peer)
      // None of none would be 0 %, which means that all was wrong.
      if (own.length === 0) {
        throw new HearsayError(
          'DATA',
          `${name} has no test samples of its own to be tested on; add some, or take evaluation.on: common`,
          { field: 'evaluation' },
        )
      }
      return takeSamples(dataset.test, own)
    })
  }
  if (partition.kind === 'resolution') {
    const { inputShape, objective = classification, test } = dataset
    const seen = partition.factors.map(factor => seenAt(test, inputShape, factor, objective))
    return shards.map((_, peer) => seen[peer % seen.length]!)
  }
  return shards.map((shard, peer) => {
    const indices = personalTestIndices(dataset, shard.samples, shards.length, seed, peer)
    return takeSamples(dataset.test, indices)
  })
}

function personalTestIndices(dataset: Dataset, own: Samples, peers: number, seed: number, peer: number): Uint32Array {
  const lists = indicesByClass(dataset.test.labels, dataset.classes.length, random(seed, 'partition/personal', peer))
  const counts = new Float64Array(dataset.classes.length)
  for (const label of own.labels) counts[label]!++
  const size = Math.ceil(dataset.test.size / peers)
  const pieces = lists.map((list, label) => list.subarray(0, Math.ceil((counts[label]! / own.size) * size - 1e-9)))
  return Uint32Array.from(pieces.flatMap(piece => [...piece]))
}
