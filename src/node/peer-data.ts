import {
  type DataInput,
  type Dataset,
  fitToTask,
  loadForTask,
  partition,
  type Reading,
  type Samples,
  shippedSets,
  taskOf,
} from '../data/index.js'
import { HearsayError } from '../errors.js'
import { stateProtocol } from '../gossip/index.js'
import { methodOf } from '../methods/index.js'
import { type Manifest, parseManifest, withStandardise } from './manifest.js'
import type { PeerOptions } from './peer-options.js'
import { canonicalManifest } from './run-id.js'

export interface OwnSamples {
  readonly dataset: Dataset
  readonly samples: Samples
}

/**
 * The data that a peer trains on and is tested on, fitted to the run's task.
 *
 * @throws {@link HearsayError} `DATA` if they do not fit the task, or if the run lacks a task that they must fit
 */
export async function dataOf({
  manifest,
  data,
  ...reading
}: Pick<PeerOptions, 'manifest' | 'data'> & Reading): Promise<OwnSamples> {
  if ('share' in data) {
    // A shipped set is the same everywhere.
    if (!Object.hasOwn(shippedSets, manifest.data.set)) mustHaveTask(manifest)
    const dataset = await loadData(manifest, {}, reading)
    const shards = partition(dataset, manifest.partition, manifest.peers, manifest.seed)
    const shard = shards[data.share]
    if (shard === undefined) {
      throw new HearsayError(
        'DATA',
        `share ${data.share}: the run's ${manifest.data.set} is dealt to ${manifest.peers} peers, 0 to ${manifest.peers - 1}, and all are taken; bring your own data with --data`,
      )
    }
    return { dataset, samples: shard.samples }
  }
  mustHaveTask(manifest)
  const dataset =
    'train' in data.own ? fitToTask(data.own, agreedOf(manifest)) : await loadData(manifest, data.own, reading)
  const { table, name } = dataset
  if (table !== undefined && manifest.task?.columns === undefined && !haveOwnModels(manifest)) {
    throw new HearsayError(
      'DATA',
      'is a table, and the run has no columns, as its data are arrays; save yours as .npz with the inputs in the order of the run, or write what hearsay data --schema prints into its manifest',
      { field: name },
    )
  }
  return { dataset, samples: dataset.train }
}

/**
 * A run's data set, fitted to its task.
 *
 * @param own - fields that override the manifest's section
 * @param reading - aborts the reading, and is notified of its progress
 */
export async function loadData(
  manifest: Manifest,
  own: Partial<DataInput> = {},
  reading: Reading = {},
): Promise<Dataset> {
  const { data, seed } = manifest
  const task = agreedOf(manifest)
  // Where a run lists its columns, a peer may have more, in positions that differ from file to file: names count.
  const columns = data.columns && task.header !== false ? task.columns?.map(({ name }) => name) : undefined
  // The author's test data lie on the author's machine, as the author's training data do.
  const { test, ...described } = data
  const tested = own.set === undefined && test !== undefined ? { test } : {}
  return loadForTask({ ...described, ...tested, ...(columns && { columns }), ...own }, task, seed, undefined, reading)
}

/** Two files of one shape may have two meanings: a peer that trains on one must know the meaning of the others'. */
function mustHaveTask({ task, data }: Manifest): void {
  if (task?.classes !== undefined && (task.columns ?? task.inputShape) !== undefined) return
  throw new HearsayError(
    'DATA',
    `the manifest does not state the inputs and classes of its peers' data (${data.set}); hearsay start fills it in, and hearsay data --schema prints it to be written there`,
    { field: 'task' },
  )
}

/** Bodies of their own may have any inputs: their peers only agree on the outputs. */
function haveOwnModels({ merge }: Manifest): boolean {
  return methodOf(merge).needs.models === 'own'
}

/** The part of the task that the data must fit. */
function agreedOf(manifest: Manifest): NonNullable<Manifest['task']> {
  const { task = {} } = manifest
  if (!haveOwnModels(manifest)) return task
  const { classes, objective } = task
  return { ...(classes && { classes }), ...(objective && { objective }) }
}

/**
 * The manifest with all of its task, so that a peer that joins learns at once whether its data fit: fields that are not
 * written are taken from these data.
 *
 * @param own - @default the data of the manifest
 * @param reading - aborts the reading, and is notified of its progress
 * @throws {@link HearsayError} `DATA` if they cannot be read or do not fit what is written; `MANIFEST` if the names of
 * columns and categories are more than a run can have
 */
export async function settleTask(
  manifest: Manifest,
  own: Partial<DataInput> = {},
  reading: Reading = {},
): Promise<Manifest> {
  const dataset = await loadData(manifest, own, reading)
  const { columns, header, ...described } = taskOf(dataset)
  const table = haveOwnModels(manifest) ? {} : { header, columns }
  const task = { ...described, ...table, ...manifest.task }
  const settled = parseManifest({ ...withStandardise(manifest, dataset), task }, dataset.name)
  const { manifestBytes } = stateProtocol.limits
  const { length } = canonicalManifest(settled)
  if (length > manifestBytes) {
    throw new HearsayError(
      'MANIFEST',
      `its columns and classes make a manifest of ${length} bytes; at most ${manifestBytes} are handed to peers that join; leave columns out with data.columns`,
      { source: dataset.name },
    )
  }
  return settled
}
