import {
  classification,
  type Dataset,
  loadDataset,
  partition,
  peerStandardisation,
  type Samples,
  type Standardisation,
} from '../data/index.js'
import { HearsayError } from '../errors.js'
import type { Manifest } from './manifest.js'
import type { PeerOptions } from './peer.js'

interface OwnData {
  readonly dataset: Dataset
  readonly samples: Samples
  readonly standardisation: Standardisation
}

/** What a peer trains on and is tested on. */
export async function dataOf({ manifest, data }: Pick<PeerOptions, 'manifest' | 'data'>): Promise<OwnData> {
  if ('share' in data) {
    const dataset = await loadDataset(manifest.data, manifest.seed)
    const shards = partition(dataset, manifest.partition, manifest.peers, manifest.seed)
    const shard = shards[data.share]
    if (shard === undefined) {
      throw new HearsayError(
        'DATA',
        `share ${data.share}: the run's ${manifest.data.set} is dealt to ${manifest.peers} peers, 0 to ${manifest.peers - 1}, and all are taken; bring your own data with --data`,
      )
    }
    return { dataset, ...shard }
  }
  const dataset = 'train' in data.own ? data.own : await loadDataset({ ...manifest.data, ...data.own }, manifest.seed)
  return { dataset, samples: dataset.train, standardisation: peerStandardisation(dataset, dataset.train) }
}

/** @throws {@link HearsayError} `DATA` when these are not what the run is about */
export function checkTask(
  { task, merge }: Manifest,
  { name, inputShape, classes, objective = classification }: Dataset,
): void {
  if (task === undefined) return
  // Bodies of a mixture may take what they like.
  if (merge.method !== 'mixture' && task.inputShape.join() !== inputShape.join()) {
    throw new HearsayError(
      'DATA',
      `${name}: its samples are ${inputShape.join('×')} and the run's ${task.inputShape.join('×')}; see data.imageSize and data.channels for images`,
    )
  }
  const { kind } = task.objective ?? classification
  if (kind !== objective.kind) {
    throw new HearsayError(
      'DATA',
      `${name}: is for ${objective.kind} and the run is about ${kind}; see the section data`,
    )
  }
  if (task.classes.join('\n') !== classes.join('\n')) {
    throw new HearsayError(
      'DATA',
      `${name}: its classes are ${shown(classes)} and the run's ${shown(task.classes)}; name yours alike`,
    )
  }
}

function shown(classes: readonly string[]): string {
  return classes.slice(0, 12).join(', ') + (classes.length > 12 ? ` and ${classes.length - 12} more` : '')
}
