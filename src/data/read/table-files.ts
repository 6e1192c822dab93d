import { basename, dirname, join, resolve, sep } from 'node:path'
import { type DataLimits, dataError } from '../limits.js'
import { kindOf, listEntries, listFolder } from './file.js'
import { kindOfFile } from './passed-over.js'

const endings = ['csv', 'tsv', 'data'] as const
const namedEndings = [...endings, 'txt', 'dat', 'tab', 'train', 'test'] as const
const tableName = endingIn(endings)
const namedTable = endingIn(namedEndings)

function endingIn(known: readonly string[]): RegExp {
  return new RegExp(`\\.(${known.join('|')})(\\.gz)?$`, 'i')
}

/** Is this the name of a table? */
export function isTable(name: string): boolean {
  return tableName.test(name)
}

/**
 * May this be a table, where its path is given? In folders only those that {@link isTable} accepts are read: a .txt there
 * is most often a note.
 */
export function isNamedTable(name: string): boolean {
  return namedTable.test(name)
}

/** What {@link isTable} knows, in words. */
export const tableEndings = `${endings.map(ending => `.${ending}`).join(', ')} (also .gz)`

/** What {@link isNamedTable} knows, in words. */
export const namedTables = `${namedEndings.map(ending => `.${ending}`).join(', ')} (also .gz)`

/** What rows are for. */
export type PartName = 'train' | 'validation' | 'test'

/** One file of a data set of tables. */
export interface PartFile {
  readonly path: string
  readonly part: PartName
  /** Whose rows these are, where each peer has a file of its own. */
  readonly peer?: string
}

const partNames: ReadonlyMap<string, PartName> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'validation'],
  ['valid', 'validation'],
  ['validation', 'validation'],
  ['dev', 'validation'],
  ['test', 'test'],
  ['testing', 'test'],
  ['holdout', 'test'],
  ['eval', 'test'],
])

/** A word of a file's name which means that its rows are not to be trained on. */
const heldBack = /(^|[._\- ])(test|testing|hold-?out|eval|evaluation|val|valid|validation|dev)([._\- ]|$)/i

/** Is this a folder of tables, or one with folders `train` and perhaps `test` of tables? */
export async function holdsTables(folder: string, limits: DataLimits): Promise<boolean> {
  if ((await listFolder(folder, limits)).some(isTable)) return true
  const parts = await partFolders(folder, limits)
  const train = parts.find(({ part }) => part === 'train')
  return train !== undefined && (await listFolder(train.path, limits)).some(isTable)
}

/**
 * Which files of a data set are for what, and whose they are, by their names: one table; a folder with a table for each
 * part; a folder with a table for each peer; folders `train` and `test` with a table for each peer, matched by name.
 *
 * @param test - `data.test`: a table, or a folder with a table for each peer
 * @throws {@link HearsayError} where a table looks like test data and would be a peer
 */
export async function tableFiles(path: string, test: string | undefined, limits: DataLimits): Promise<PartFile[]> {
  const own = await ownFiles(path, test === undefined ? undefined : resolve(test), limits)
  if (test === undefined) return own
  if (own.some(({ part }) => part === 'test')) {
    throw dataError('data.test', `does not go with ${path}, which has test data of its own; remove one of the two`)
  }
  const kind = await kindOf(test)
  if (kind === undefined) throw dataError('data.test', `there is no file or folder ${test}`)
  if (kind === 'file') {
    if (!isNamedTable(test)) throw dataError('data.test', `${test} is no table; known are ${namedTables}`)
    return [...own, { path: resolve(test), part: 'test' }]
  }
  return matched(own, await filesOfPart(test, 'test', limits), test)
}

async function ownFiles(path: string, test: string | undefined, limits: DataLimits): Promise<PartFile[]> {
  if ((await kindOf(path)) === 'file') return [{ path, part: 'train' }]
  const names = (await listFolder(path, limits)).filter(isTable).filter(name => join(path, name) !== test)
  if (names.length > 0) return filesOfFolder(path, names, limits)
  const parts = await partFolders(path, limits)
  const train = parts.find(({ part }) => part === 'train')
  if (train === undefined) throw dataError(path, 'holds no tables but its test data; add a table to train on')
  let files = await filesOfPart(train.path, 'train', limits)
  for (const { part, path } of parts) {
    if (part !== 'train') files = matched(files, await filesOfPart(path, part, limits), path)
  }
  return files
}

async function partFolders(folder: string, limits: DataLimits): Promise<{ path: string; part: PartName }[]> {
  return (await listEntries(folder, limits))
    .filter(({ name, kind }) => kind === 'folder' && partNames.has(name.toLowerCase()))
    .map(({ name }) => ({ path: join(folder, name), part: partNames.get(name.toLowerCase())! }))
}

function filesOfFolder(folder: string, names: readonly string[], limits: DataLimits): PartFile[] {
  checkNumber(folder, names, limits)
  const stems = stemsOf(folder, names)
  const short = withoutCommonStart(stems)
  const parts = short.map(name => partNames.get(name.toLowerCase()))
  const paths = names.map(name => join(folder, name))
  if (parts.includes('train') && !parts.includes(undefined)) {
    const twice = parts.find((part, i) => parts.indexOf(part) !== i)
    if (twice !== undefined) throw dataError(folder, `has two tables for the part ${twice}; remove one`)
    return paths.map((path, i) => ({ path, part: parts[i]! }))
  }
  if (names.length === 1) return [{ path: paths[0]!, part: 'train' }]
  const held = stems.findIndex(stem => heldBack.test(stem))
  if (held >= 0) {
    throw dataError(
      paths[held]!,
      'looks like test data, and every table here is a peer whose rows are trained on; name it with --test (data.test), put the tables into folders train and test, or rename it',
    )
  }
  return paths.map((path, i) => ({ path, part: 'train', peer: short[i]! }))
}

/** The kinds of what lies in the same folders and is not read: a site's spreadsheet may be among it. */
export async function besideTables(path: string, files: readonly PartFile[], limits: DataLimits): Promise<string[]> {
  if ((await kindOf(path)) === 'file') return []
  const read = new Set(files.map(file => file.path))
  const folders = new Set([path, ...[...read].filter(file => file.startsWith(path + sep)).map(dirname)])
  const kinds: string[] = []
  for (const folder of folders) {
    for (const { name, kind } of await listEntries(folder, limits)) {
      const entry = join(folder, name)
      if (!read.has(entry) && !folders.has(entry)) kinds.push(kind === 'folder' ? 'folder' : kindOfFile(name))
    }
  }
  return kinds
}

/** Which peers have no test data of their own, where others have. */
export function untestedPeers(files: readonly PartFile[]): string[] {
  const of = (wanted: PartName): string[] =>
    files.flatMap(({ part, peer }) => (part === wanted && peer !== undefined ? [peer] : []))
  const tested = new Set(of('test'))
  return tested.size === 0 ? [] : of('train').filter(peer => !tested.has(peer))
}

/** The tables of one part: a peer's each, or one for all. */
async function filesOfPart(folder: string, part: PartName, limits: DataLimits): Promise<PartFile[]> {
  const names = (await listFolder(folder, limits)).filter(isTable)
  checkNumber(folder, names, limits)
  if (names.length === 0) throw dataError(folder, 'holds no tables')
  const stems = stemsOf(folder, names)
  if (names.length === 1) return [{ path: join(folder, names[0]!), part }]
  return names.map((name, i) => ({ path: join(folder, name), part, peer: stems[i]! }))
}

/** A part beside the training files: tables of the same peers, or one table for all. */
function matched(train: readonly PartFile[], files: readonly PartFile[], folder: string): PartFile[] {
  const peers = train.flatMap(({ peer, part }) => (part === 'train' && peer !== undefined ? [peer] : []))
  if (peers.length === 0) {
    if (files.length > 1) throw dataError(folder, `has ${files.length} tables beside one to train on; keep one`)
    return [...train, ...files]
  }
  const found = files.map(file => {
    const stem = basename(file.path).replace(tableName, '')
    const peer = peers.find(name => name === stem || stem.endsWith(`.${name}`) || stem.endsWith(`-${name}`))
    if (peer === undefined && files.length > 1) {
      throw dataError(file.path, `belongs to none of the peers ${peers.slice(0, 8).join(', ')}; call it as one of them`)
    }
    return peer === undefined ? file : { ...file, peer }
  })
  return [...train, ...found]
}

function checkNumber(folder: string, names: readonly string[], limits: DataLimits): void {
  if (names.length > limits.naturalPeers) {
    throw dataError(folder, `has ${names.length} tables; at most ${limits.naturalPeers} natural peers`)
  }
}

function stemsOf(folder: string, names: readonly string[]): string[] {
  const stems = names.map(name => name.replace(tableName, ''))
  if (new Set(stems).size < stems.length)
    throw dataError(folder, 'has the same table twice, as .gz or in another format; remove one')
  return stems
}

/** "processed.cleveland", "processed.va" → "cleveland", "va": cut after the last separator that all share. */
function withoutCommonStart(stems: readonly string[]): string[] {
  let shared = 0
  const [first = ''] = stems
  while (shared < first.length && stems.every(stem => stem[shared] === first[shared])) shared++
  const cut = first.slice(0, shared).search(/[.\-_ ][^.\-_ ]*$/) + 1
  return stems.map(stem => stem.slice(cut) || stem)
}
