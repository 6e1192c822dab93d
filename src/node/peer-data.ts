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

interface OwnData {
  readonly dataset: Dataset
  readonly samples: Samples
}

/**
 * What a peer trains on and is tested on, as the run's task has it.
 *
 * @throws {@link HearsayError} `DATA` where they do not fit the task, and where there is none that they must fit
 */
export async function dataOf({
  manifest,
  data,
  ...reading
}: Pick<PeerOptions, 'manifest' | 'data' | 'signal' | 'onRead'>): Promise<OwnData> {
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
      'is a table, and the run says nothing of columns, as data of arrays have none; save yours as .npz with the inputs in the order of the run, or write what hearsay data --schema prints into its manifest',
      { field: name },
    )
  }
  return { dataset, samples: dataset.train }
}

/**
 * A run's data set, as its task has it.
 *
 * @param own - what goes before the manifest's section
 * @param reading - ends it, and is told how far it is
 */
export async function loadData(
  manifest: Manifest,
  own: Partial<DataInput> = {},
  reading: Reading = {},
): Promise<Dataset> {
  const { data, seed } = manifest
  const task = agreedOf(manifest)
  // Of a run that lists its columns everybody may have more; they stand elsewhere in each file, so their names count.
  const columns = data.columns && task.header !== false ? task.columns?.map(({ name }) => name) : undefined
  // What the run's author tests on lies on the author's machine, as what is trained on there does.
  const { test, ...described } = data
  const tested = own.set === undefined && test !== undefined ? { test } : {}
  return loadForTask({ ...described, ...tested, ...(columns && { columns }), ...own }, task, seed, undefined, reading)
}

/** Two files of one shape may mean two things: who trains on one must know what the others' mean. */
function mustHaveTask({ task, data }: Manifest): void {
  if (task?.classes !== undefined && (task.columns ?? task.inputShape) !== undefined) return
  throw new HearsayError(
    'DATA',
    `the manifest does not say what the inputs and classes of its peers' data are (${data.set}); hearsay start fills it in, and hearsay data --schema prints it to be written there`,
    { field: 'task' },
  )
}

/** Bodies of their own may take what they like: their peers only agree on the answers. */
function haveOwnModels({ merge }: Manifest): boolean {
  return methodOf(merge).needs.models === 'own'
}

/** What the data must fit. */
function agreedOf(manifest: Manifest): NonNullable<Manifest['task']> {
  const { task = {} } = manifest
  if (!haveOwnModels(manifest)) return task
  const { classes, objective } = task
  return { ...(classes && { classes }), ...(objective && { objective }) }
}

/**
 * The manifest with all of its task, so that whoever joins learns at once whether their data fit: what is not written
 * there is as in these data.
 *
 * @param own - @default the data of the manifest
 * @param reading - ends it, and is told how far it is
 * @throws {@link HearsayError} `DATA` where they cannot be read or do not fit what is written; `MANIFEST` where the names
 * of columns and categories are more than a run can have
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
      `its columns and classes make a manifest of ${length} bytes; at most ${manifestBytes} are handed to whoever joins; leave columns out with data.columns`,
      { source: dataset.name },
    )
  }
  return settled
}
