import { inputSize, sharedNumbers } from '../dataset.js'
import { type DataLimits, dataError, dataLimits } from '../limits.js'
import { shortList } from '../notes.js'
import type { Reading } from '../reading.js'
import type { SchemaColumn } from '../schema.js'
import { checkSize, type Part, type Source } from '../source.js'
import type { DataSpec } from '../spec.js'
import { checkTable } from './cautions.js'
import { type Column, inputsOf, isCategorical, rankedTexts } from './columns.js'
import { bytesOf } from './file.js'
import { passedOver } from './passed-over.js'
import type { TableOptions } from './roles.js'
import { decodeTable, type Table } from './table.js'
import { besideTables, type PartFile, type PartName, tableEndings, tableFiles, untestedPeers } from './table-files.js'

/**
 * Reads tables with the same columns: numbers, categories as one input each, a label, what each row is for, and whose
 * it is, if a column or the names of the files say so.
 *
 * @param path - a table, or a folder of them: see {@link tableFiles}
 */
export async function readTables(
  path: string,
  options: TableOptions & Pick<DataSpec, 'test'>,
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): Promise<Source> {
  const files = await tableFiles(path, options.test, limits)
  const read = files.map(({ path }) => ({ path, bytes: bytesOf(path, limits, reading) }))
  const table = await decodeTable(read, options, limits)
  const column = columnOf(table, 'peer')
  const byFile = files.some(({ peer }) => peer !== undefined)
  if (column !== undefined && byFile) {
    throw dataError(
      path,
      'each file is a natural peer already; leave data.peerColumn out, or give the path of one file',
    )
  }
  const owners = column !== undefined ? ownersByColumn(table, column) : byFile ? ownersByFile(table, files) : undefined
  const source = partsOf(sourceOf(table, options, path, limits, owners), table, files)
  const left = passedOver(await besideTables(path, files, limits), files.length)
  const notes = left === undefined ? [] : [`${left}; in folders tables are read from ${tableEndings}`]
  return { ...source, notes: [...notes, ...(source.notes ?? []), ...untestedNotes(files)] }
}

function untestedNotes(files: readonly PartFile[]): string[] {
  const peers = untestedPeers(files)
  if (peers.length === 0) return []
  const what = peers.length === 1 ? `the peer ${peers[0]}` : `the peers ${shortList(peers)}`
  return [`no test data of ${what}, and others have their own: it is tested on theirs alone`]
}

/** Whose a row is: a place among the names. */
interface Owners {
  readonly names: readonly string[]
  readonly of: Uint16Array
}

function ownersByColumn(table: Table, column: number): Owners {
  const { texts, rankOf } = rankedTexts(table.columns[column]!)
  return {
    names: texts,
    of: Uint16Array.from({ length: table.rows }, (_, row) => rankOf[cellOf(table, row, column)]!),
  }
}

function ownersByFile(table: Table, files: readonly PartFile[]): Owners {
  const names = files.flatMap(({ part, peer }) => (part === 'train' && peer !== undefined ? [peer] : []))
  const places = Uint16Array.from(files, ({ peer }) => (peer === undefined ? 0 : names.indexOf(peer)))
  return { names, of: table.files.map(file => places[file]!) }
}

function columnOf(table: Table, role: Column['role']): number | undefined {
  const index = table.columns.findIndex(column => column.role === role)
  return index < 0 ? undefined : index
}

function cellOf(table: Table, row: number, column: number): number {
  return table.cells[row * table.columns.length + column]!
}

function sourceOf(
  table: Table,
  options: TableOptions,
  path: string,
  limits: DataLimits,
  peers: Owners | undefined,
): Source {
  const [target, group] = [columnOf(table, 'target'), columnOf(table, 'group')]
  const { texts, labels } = target === undefined ? labelsOf(table) : unlabelled(table, target)
  const features = table.columns.reduce((sum, column) => sum + inputsOf(column), 0)
  if (features > limits.columns) throw dataError(path, `becomes ${features} inputs; at most ${limits.columns} are read`)
  const inputShape = options.inputShape ?? [features]
  if (inputSize(inputShape) !== features) {
    throw dataError(
      path,
      `has ${features} inputs; data.inputShape ${inputShape.join('×')} needs ${inputSize(inputShape)}`,
    )
  }
  checkSize(path, table.rows, inputShape, 4, limits)
  const train: Part = {
    inputs: featuresOf(table),
    labels,
    ...(target !== undefined && {
      targets: Float32Array.from({ length: table.rows }, (_, row) => cellOf(table, row, target)),
    }),
    size: table.rows,
    place: table.place,
    ...(peers && { peers: peers.of }),
    ...(group !== undefined && {
      groups: Uint32Array.from({ length: table.rows }, (_, row) => cellOf(table, row, group)),
    }),
  }
  const comments = table.comments === 1 ? 'a line of comment' : `${table.comments} lines of comment`
  const notes = [...(table.comments === 0 ? [] : [`${comments} passed over`]), ...checkTable(table, options, path)]
  const schema = {
    header: table.header,
    columns: table.columns.flatMap(column => schemaOf(column, table.header, options, path)),
  }
  return { inputShape, labelTexts: texts, train, ...(peers && { peers: peers.names }), table: schema, notes }
}

function schemaOf(column: Column, header: boolean, { unit: given }: TableOptions, path: string): SchemaColumn[] {
  const { name, role, holds } = column
  const unit = holds?.kind === 'numbers' && holds.unit !== '' ? { unit: holds.unit } : {}
  if (role === 'label') return [{ name, kind: role }]
  if (role === 'target') {
    if (given === undefined) return [{ name, kind: role, ...unit }]
    if (unit.unit === undefined || unit.unit === given) return [{ name, kind: role, unit: given }]
    throw dataError(path, `${column.title} is written in ${unit.unit}, and data.unit is ${given}; make them alike`)
  }
  // Nobody else need have it, or know of it; without a header it keeps the places of the others.
  if (role === 'peer' || role === 'group' || role === 'answer' || role === 'unused')
    return header ? [] : [{ name, kind: 'unused' }]
  if (isCategorical(column)) return [{ name, kind: 'category', values: rankedTexts(column).texts }]
  return [{ name, kind: 'number', ...unit }]
}

interface Labels {
  readonly texts: readonly string[]
  readonly labels: Int32Array
}

function labelsOf(table: Table): Labels {
  const label = columnOf(table, 'label')!
  const { texts, rankOf } = rankedTexts(table.columns[label]!)
  return { texts, labels: Int32Array.from({ length: table.rows }, (_, row) => rankOf[cellOf(table, row, label)]!) }
}

/** All rows are of one class, which is called as the number to predict. */
function unlabelled(table: Table, target: number): Labels {
  return { texts: [table.columns[target]!.name], labels: new Int32Array(table.rows) }
}

/** Numbers as they are, categories as one input each: 1 for the row's own, 0 for the others, all NaN if missing. */
export function featuresOf(table: Table): Float32Array {
  const features = table.columns.reduce((sum, column) => sum + inputsOf(column), 0)
  const inputs = sharedNumbers(table.rows * features)
  const width = table.columns.length
  let to = 0
  for (const [index, column] of table.columns.entries()) {
    const count = inputsOf(column)
    if (count === 0) continue
    const ranks = isCategorical(column) ? rankedTexts(column).rankOf : undefined
    for (let row = 0; row < table.rows; row++) {
      const cell = table.cells[row * width + index]!
      const at = row * features + to
      if (ranks === undefined) inputs[at] = cell
      else if (Number.isNaN(cell)) inputs.fill(NaN, at, at + count)
      else inputs[at + ranks[cell]!] = 1
    }
    to += count
  }
  return inputs
}

function partsOf(source: Source, table: Table, files: readonly PartFile[]): Source {
  if (files.every(({ part }) => part === 'train')) return source
  const length = inputSize(source.inputShape)
  const part = (wanted: PartName): Part | undefined => {
    const rows = Uint32Array.from(table.files.keys()).filter(row => files[table.files[row]!]!.part === wanted)
    if (rows.length === 0) return undefined
    const inputs = new Float32Array(rows.length * length)
    for (const [to, row] of rows.entries()) {
      inputs.set(source.train.inputs.subarray(row * length, (row + 1) * length), to * length)
    }
    const { labels, targets, peers, groups } = source.train
    // One table of test data for all peers is nobody's own.
    const owned = peers !== undefined && isOwned(files, wanted)
    return {
      inputs,
      labels: Int32Array.from(rows, row => labels[row]!),
      ...(targets && { targets: Float32Array.from(rows, row => targets[row]!) }),
      ...(owned && { peers: Uint16Array.from(rows, row => peers[row]!) }),
      ...(groups && { groups: Uint32Array.from(rows, row => groups[row]!) }),
      size: rows.length,
      place: sample => table.place(rows[sample]!),
    }
  }
  const train = part('train')
  if (train === undefined) throw dataError(files[0]!.path, 'has no rows to train on')
  const [validation, test] = [part('validation'), part('test')]
  return { ...source, train, ...(validation && { validation }), ...(test && { test }) }
}

function isOwned(files: readonly PartFile[], wanted: PartName): boolean {
  const byFile = files.some(({ peer }) => peer !== undefined)
  return !byFile || files.every(({ part, peer }) => part !== wanted || peer !== undefined)
}
