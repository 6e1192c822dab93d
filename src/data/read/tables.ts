import { basename, join } from 'node:path'
import { inputSize, sharedNumbers } from '../dataset.js'
import { type DataLimits, dataError, dataLimits } from '../limits.js'
import type { SchemaColumn } from '../schema.js'
import { checkSize, type Part, type Source } from '../source.js'
import { checkTable } from './cautions.js'
import { type Column, inputsOf, isCategorical, rankedTexts } from './columns.js'
import { readBytes } from './file.js'
import type { TableOptions } from './roles.js'
import { decodeTable, type Table } from './table.js'

const tableName = /\.(csv|tsv|data)(\.gz)?$/i

/** Is this the name of a table? */
export function isTable(name: string): boolean {
  return tableName.test(name)
}

/** Reads one table: numbers, categories as one input each, a label, and whose row it is if a column says so. */
export async function readTable(path: string, options: TableOptions, limits: DataLimits = dataLimits): Promise<Source> {
  const table = decodeTable([{ path, bytes: await readBytes(path, limits) }], options, limits)
  const peer = columnOf(table, 'peer')
  if (peer === undefined) return sourceOf(table, options, path, limits)
  const { texts, rankOf } = rankedTexts(table.columns[peer]!)
  const owners = Uint16Array.from({ length: table.rows }, (_, row) => rankOf[cellOf(table, row, peer)]!)
  return sourceOf(table, options, path, limits, { names: texts, of: owners })
}

/**
 * Reads a folder of tables with the same columns. Files named train, test and validation are those parts; otherwise
 * each file is a natural peer, called by what its name does not share with the others.
 */
export async function readTableFolder(
  folder: string,
  names: readonly string[],
  options: TableOptions,
  limits: DataLimits = dataLimits,
): Promise<Source> {
  if (names.length > limits.naturalPeers) {
    throw dataError(folder, `has ${names.length} tables; at most ${limits.naturalPeers} natural peers`)
  }
  const stems = names.map(name => basename(name).replace(tableName, ''))
  if (new Set(stems).size < stems.length)
    throw dataError(folder, 'has the same table twice, as .gz or in another format; remove one')
  const files = []
  for (const name of names) files.push({ path: join(folder, name), bytes: await readBytes(join(folder, name), limits) })
  const table = decodeTable(files, options, limits)

  if (stems.includes('train') && stems.every(stem => partNames.has(stem))) {
    if (options.peerColumn !== undefined) throw dataError(folder, 'data.peerColumn is read from single tables only')
    return partsOf(sourceOf(table, options, folder, limits), table, stems)
  }
  if (names.length === 1) return sourceOf(table, options, folder, limits)
  if (options.peerColumn !== undefined) {
    throw dataError(
      folder,
      'each file is a natural peer already; leave data.peerColumn out, or give the path of one file',
    )
  }
  return sourceOf(table, options, folder, limits, { names: withoutCommonStart(stems), of: table.files })
}

const partNames = new Map<string, 'train' | 'validation' | 'test'>([
  ['train', 'train'],
  ['test', 'test'],
  ['val', 'validation'],
  ['validation', 'validation'],
])

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
  peers?: { names: readonly string[]; of: Uint16Array },
): Source {
  const target = columnOf(table, 'target')
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
  }
  const comments = table.comments === 1 ? 'a line of comment' : `${table.comments} lines of comment`
  const notes = [...(table.comments === 0 ? [] : [`${comments} passed over`]), ...checkTable(table, options, path)]
  const reading = {
    header: table.header,
    columns: table.columns.flatMap(column => schemaOf(column, table.header, options, path)),
  }
  return { inputShape, labelTexts: texts, train, ...(peers && { peers: peers.names }), table: reading, notes }
}

function schemaOf(column: Column, header: boolean, { unit: given }: TableOptions, path: string): SchemaColumn[] {
  const { name, role, holds } = column
  const unit = holds?.kind === 'numbers' && holds.unit !== '' ? { unit: holds.unit } : {}
  if (role === 'label') return [{ name, kind: role }]
  if (role === 'target') {
    if (given === undefined) return [{ name, kind: role, ...unit }]
    if (unit.unit === undefined || unit.unit === given) return [{ name, kind: role, unit: given }]
    throw dataError(path, `${column.title} is written in ${unit.unit}, and data.unit says ${given}; make them alike`)
  }
  // Nobody else need have it, or know of it; without a header it keeps the places of the others.
  if (role === 'peer' || role === 'answer' || role === 'unused') return header ? [] : [{ name, kind: 'unused' }]
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

function partsOf(source: Source, table: Table, stems: readonly string[]): Source {
  const part = (wanted: string): Part | undefined => {
    const rows = Uint32Array.from(table.files.keys()).filter(row => partNames.get(stems[table.files[row]!]!) === wanted)
    if (rows.length === 0) return undefined
    const length = inputSize(source.inputShape)
    const inputs = new Float32Array(rows.length * length)
    for (const [to, row] of rows.entries()) {
      inputs.set(source.train.inputs.subarray(row * length, (row + 1) * length), to * length)
    }
    return {
      inputs,
      labels: Int32Array.from(rows, row => source.train.labels[row]!),
      ...(source.train.targets && { targets: Float32Array.from(rows, row => source.train.targets![row]!) }),
      size: rows.length,
      place: sample => table.place(rows[sample]!),
    }
  }
  const [validation, test] = [part('validation'), part('test')]
  return { ...source, train: part('train')!, ...(validation && { validation }), ...(test && { test }) }
}

/** "processed.cleveland", "processed.va" → "cleveland", "va": cut after the last separator that all share. */
function withoutCommonStart(stems: readonly string[]): string[] {
  let shared = 0
  const [first = ''] = stems
  while (shared < first.length && stems.every(stem => stem[shared] === first[shared])) shared++
  const cut = first.slice(0, shared).search(/[.\-_ ][^.\-_ ]*$/) + 1
  return stems.map(stem => stem.slice(cut) || stem)
}
