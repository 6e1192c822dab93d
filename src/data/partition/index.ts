import { HearsayError } from '../../errors.js'
import { type Random, random } from '../../random.js'
import { agreeTogether } from '../agreed.js'
import { type Dataset, type Samples, type Shard, takeSamples } from '../dataset.js'
import { seenAt } from '../degrade.js'
import { shortList } from '../notes.js'
import { classification } from '../objective.js'
import { type PartitionInput, type PartitionSpec, partitionSchema } from '../spec.js'
import { dirichletByClass, dirichletByClient } from './dirichlet.js'
import { dealGroups } from './groups.js'
import { iid } from './iid.js'
import { pathological } from './pathological.js'
import { quantity } from './quantity.js'

/**
 * Which training samples each peer gets, by ALGORITHMS.md section 7. The same seed deals the same samples; no
 * sample is dealt twice, except by `pathological`. A group of samples (data.groupColumn) goes whole to one peer, except by
 * `natural`, which asks nobody.
 *
 * @param peers - how many to deal to; `natural` needs exactly as many as the source names
 * @throws {@link HearsayError} when the samples cannot be dealt so
 */
export function partitionIndices(dataset: Dataset, spec: PartitionInput, peers: number, seed: number): Uint32Array[] {
  const partition = partitionSchema.parse(spec)
  const { labels, size } = dataset.train
  const classes = dataset.classes.length
  if (!Number.isInteger(peers) || peers < 1) throw wrong(`${peers} peers; must be a whole number from 1`)
  const { kind: objective } = dataset.objective ?? classification
  if (objective !== 'classification' && (partition.kind === 'dirichlet' || partition.kind === 'pathological')) {
    throw wrong(
      `${partition.kind} deals by class, and ${objective} has none; take iid, quantity, resolution or natural`,
    )
  }
  if (partition.kind === 'natural') return natural(dataset, peers)
  if (peers > size) throw wrong(`${peers} peers for ${size} training samples; at most ${size} peers`)
  const generator = random(seed, 'partition')
  const deal = (labels: Int32Array): Uint32Array[] => dealt(partition, labels, classes, peers, generator)
  const { groups } = dataset
  if (groups === undefined) return deal(labels)
  if (partition.kind === 'pathological') {
    throw wrong(
      'pathological deals samples more than once, so it cannot keep each group (data.groupColumn) at one peer; take iid, dirichlet, quantity or natural',
    )
  }
  return dealGroups(labels, groups, peers, generator, deal)
}

function dealt(
  partition: Exclude<PartitionSpec, { kind: 'natural' }>,
  labels: Int32Array,
  classes: number,
  peers: number,
  generator: Random,
): Uint32Array[] {
  switch (partition.kind) {
    case 'iid':
    case 'resolution':
      return iid(labels.length, peers, generator)
    case 'dirichlet': {
      const deal = partition.mode === 'client' ? dirichletByClient : dirichletByClass
      return deal(labels, classes, peers, partition.alpha, generator)
    }
    case 'pathological':
      return pathological(labels, classes, peers, partition.classes, generator)
    case 'quantity':
      return quantity(labels, classes, peers, partition.alpha, generator)
  }
}

function natural(dataset: Dataset, peers: number): Uint32Array[] {
  const owners = dataset.naturalPeers
  if (owners === undefined) {
    throw wrong(
      `${dataset.name} does not name the peer of each sample; choose another kind, or name a column under data.peerColumn`,
    )
  }
  if (owners.names.length !== peers) {
    throw wrong(
      `${dataset.name} has ${owners.names.length} natural peers (${shortList(owners.names)}), not ${peers}; set peers to ${owners.names.length}, or deal the samples by another partition, as --partition iid`,
    )
  }
  const counts = new Uint32Array(peers)
  for (const peer of owners.ofTrain) counts[peer]!++
  const shards = Array.from(counts, count => new Uint32Array(count))
  counts.fill(0)
  for (let sample = 0; sample < owners.ofTrain.length; sample++) {
    const peer = owners.ofTrain[sample]!
    shards[peer]![counts[peer]!++] = sample
  }
  const empty = shards.findIndex(shard => shard.length === 0)
  if (empty >= 0) throw wrong(`the natural peer ${owners.names[empty]} has no training samples`)
  return shards
}

/** Deals the training samples to peers: each gets copies of its own on shared memory, and the standardisation of its inputs. */
export function partition(dataset: Dataset, spec: PartitionInput, peers: number, seed: number): Shard[] {
  const checked = partitionSchema.parse(spec)
  const parts = partitionIndices(dataset, checked, peers, seed).map((indices, peer) =>
    seenBy(takeSamples(dataset.train, indices), dataset, checked, peer),
  )
  return agreeTogether(dataset, parts).map((sight, peer) => ({
    name: checked.kind === 'natural' ? dataset.naturalPeers!.names[peer]! : `peer-${peer}`,
    samples: parts[peer]!,
    ...sight,
  }))
}

function seenBy(
  samples: Samples,
  { inputShape, objective = classification }: Dataset,
  spec: PartitionSpec,
  peer: number,
): Samples {
  if (spec.kind !== 'resolution') return samples
  return seenAt(samples, inputShape, spec.factors[peer % spec.factors.length]!, objective)
}

/** How many samples of which class each peer has. */
export interface ClassTable {
  readonly classes: readonly string[]
  readonly rows: readonly { readonly peer: string; readonly size: number; readonly counts: readonly number[] }[]
}

/** Counts the classes of each shard: what a split really did, to print before a run and to keep with its results. */
export function classTable(dataset: Dataset, shards: readonly Shard[]): ClassTable {
  const classes = (dataset.objective?.kind ?? 'classification') === 'classification' ? dataset.classes : []
  const rows = shards.map(({ name, samples }) => {
    const counts = new Array<number>(classes.length).fill(0)
    if (classes.length > 0) for (const label of samples.labels) counts[label]!++
    return { peer: name, size: samples.size, counts }
  })
  return { classes, rows }
}

function wrong(what: string): HearsayError {
  return new HearsayError('DATA', what, { field: 'partition' })
}
