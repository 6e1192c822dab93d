import { classTable, loadDataset, partition, shardNotes, shippedSets } from '../data/index.js'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import { count, countOf, wideTable } from '../watch/index.js'
import { columnTable } from './column-table.js'
import type { Run } from './command.js'
import { tellNotes } from './notes.js'
import { tellReading } from './reading-line.js'
import { manifestFrom, type RunFlags } from './run-flags.js'
import { schemaOf } from './schema.js'

interface DataFlags extends RunFlags {
  readonly schema?: boolean
}

export const run: Run<DataFlags, [readonly string[]]> = async (
  [sets],
  { schema, ...flags },
  { stdout, stderr, signal },
) => {
  if (schema) {
    stdout.write(await schemaOf(sets, flags, { stderr, signal }))
    return 0
  }
  const [set, ...more] = sets
  if (more.length > 0) {
    throw new HearsayError('USAGE', 'one at a time; several are for --schema', { source: `data ${sets.join(' ')}` })
  }
  if (set === undefined) {
    stdout.write(`${shippedTable()}\n`)
    return 0
  }
  const manifest = await manifestFrom(undefined, { ...flags, data: set })
  const dataset = await tellReading(stderr, onRead =>
    loadDataset(manifest.data, manifest.seed, undefined, { signal, onRead }),
  )
  const shards = partition(dataset, manifest.partition, manifest.peers, manifest.seed)
  tellNotes(dataset, stderr)
  tellNotes({ notes: shardNotes(dataset, shards) }, stderr)
  const { classes, rows } = classTable(dataset, shards)
  const table = wideTable(
    ['peer', 'samples', ...classes],
    rows.map(({ peer, size, counts }) => [shown(peer), count(size), ...counts.map(count)]),
    stdout.columns,
  )
  const { train, test, validation } = dataset
  const sizes = [
    `${countOf(train.size, 'sample')} to train`,
    validation && `${count(validation.size)} to validate`,
    `${count(test.size)} to test`,
  ]
  stdout.write(
    `${shown(dataset.name)}: ${inputsText(dataset.inputShape)}, ${sizes.filter(Boolean).join(', ')}; ` +
      `partition ${manifest.partition.kind}, seed ${manifest.seed}\n\n${table}\n`,
  )
  // Pixels are alike at all peers, so a table of them is of no use.
  if (dataset.inputShape.length === 1) stdout.write(`\n${columnTable(dataset, shards, stdout.columns)}\n`)
  return 0
}

/** "13 inputs", "images of 28×28×1". */
function inputsText(shape: readonly number[]): string {
  return shape.length === 1 ? countOf(shape[0]!, 'input') : `images of ${shape.join('×')}`
}

function shippedTable(): string {
  const rows = Object.entries(shippedSets).map(([name, { title, licence }]) => [name, title, licence])
  return wideTable(['set', 'what it is', 'licence'], rows)
}
