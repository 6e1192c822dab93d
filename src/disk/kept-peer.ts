import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readBounded, whyNotRead } from '../bounded-file.js'
import { HearsayError } from '../errors.js'
import type { KeptState } from '../node/index.js'
import { whenRefused, whyNot } from '../system-errors.js'
import { areFinite, type ModelParameters } from '../tensors/index.js'
import { readCheckpoint, writeCheckpoint } from './checkpoint-file.js'
import { type Checkpoint, type CheckpointKind, contentsOf } from './checkpoint-format.js'
import { latestCheckpoint } from './checkpoints.js'
import {
  decodeDescription,
  descriptionBytes,
  encodeDescription,
  type PeerDescription,
  sharedOf,
} from './description.js'
import { explainDisk, makeFolder, moveInto, replaceFile, unfinishedName } from './durable.js'
import { noRunFolder } from './no-run-folder.js'
import { exists } from './peer-files.js'
import { fileOf } from './run-folder.js'

/*
 * What a run folder contains of each peer's model:
 *
 *   peers/<name>.json          its description: see description.ts
 *   peers/<name>.safetensors   the model and what is kept beside it, a checkpoint; of a peer in the field that is the
 *                              last one in checkpoints/
 */

/** A peer's model, complete. */
export interface KeptPeer extends KeptState {
  readonly description: PeerDescription
  /** In shared memory. */
  readonly parameters: Float32Array
}

/** The most peers that a simulation has. */
const peersLimit = 100_000

/**
 * Writes what a run folder must contain of a peer's model. Files are replaced atomically.
 *
 * @param folder - of the run
 * @param last - the peer's model and what is kept beside it. @default the last of the folder's checkpoints
 * @throws {@link HearsayError} `RUN` where the disk is full or cannot be written
 */
export async function keepPeer(
  folder: string,
  description: PeerDescription,
  last?: Omit<Checkpoint, 'name'>,
): Promise<void> {
  const { name } = description
  let path = pathOf(folder, name, 'safetensors')
  try {
    await makeFolder(join(folder, 'peers'))
    if (last !== undefined) {
      const unfinished = unfinishedName(path)
      // The model before the last merge is of no use once a run is over.
      const method = { ...last.method, before: undefined }
      const contents = contentsOf(kindOf(description), { ...last, name, method })
      await writeCheckpoint(unfinished, contents, new AbortController().signal)
      await moveInto(unfinished, path)
    }
    path = pathOf(folder, name, 'json')
    await replaceFile(path, encodeDescription(description))
  } catch (error) {
    throw explainDisk(error, path, 'What is needed to use the model afterwards was not kept')
  }
}

/**
 * The names of the peers whose models a run folder contains, in order.
 *
 * @throws {@link HearsayError} `RUN` when it is not a run folder, or contains none
 */
export async function keptPeers(folder: string): Promise<string[]> {
  return (await descriptionsIn(folder)).map(({ name }) => name)
}

/** The classes that the models of a run folder tell apart; none where its models are not described. */
export async function keptClasses(folder: string): Promise<readonly string[]> {
  try {
    return (await descriptionsIn(folder))[0]!.classes
  } catch (error) {
    if (error instanceof HearsayError) return []
    throw error
  }
}

async function descriptionsIn(folder: string): Promise<PeerDescription[]> {
  let files: string[]
  try {
    files = (await readdir(join(folder, 'peers'))).filter(file => file.endsWith('.json')).sort(inNumberOrder)
  } catch (error) {
    if (await exists(join(folder, 'manifest.yaml'))) {
      throw new HearsayError('RUN', `has no models, which a run keeps when it ends: ${whyNot(error)} (peers)`, {
        source: folder,
        cause: error,
      })
    }
    throw await noRunFolder(folder, 'folder "peers"', error)
  }
  if (files.length === 0) {
    throw new HearsayError(
      'RUN',
      'contains no description of a model; was the run ended before it began, or made by an earlier version of Hearsay?',
      { source: folder },
    )
  }
  if (files.length > peersLimit)
    throw new HearsayError('RUN', `has ${files.length} peers; at most ${peersLimit}`, { source: folder })
  const descriptions: PeerDescription[] = []
  for (const file of files) {
    const path = join(folder, 'peers', file)
    descriptions.push(decodeDescription(new TextDecoder().decode(await bytesOf(path, descriptionBytes)), path))
  }
  return descriptions
}

/** Orders peer-2 before peer-10. */
function inNumberOrder(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

/**
 * Reads a peer's model.
 *
 * @param name - of the peer; may be left out where the folder has only one
 * @throws {@link HearsayError} `RUN` when there is no such peer, or its files are damaged; `PARAMETERS` likewise
 */
export async function readPeer(folder: string, name?: string): Promise<KeptPeer> {
  const description = await descriptionOf(folder, name)
  const { parameters, method, heads } = await lastOf(folder, description)
  if (!areFinite(parameters)) {
    throw new HearsayError('PARAMETERS', `the model of ${description.name} holds numbers that are not finite`, {
      source: folder,
    })
  }
  return { description, parameters, method, heads }
}

async function descriptionOf(folder: string, name: string | undefined): Promise<PeerDescription> {
  if (name !== undefined) {
    const path = pathOf(folder, name, 'json')
    if (await isThere(path))
      return decodeDescription(new TextDecoder().decode(await bytesOf(path, descriptionBytes)), path)
  }
  const all = await descriptionsIn(folder)
  if (name === undefined && all.length === 1) return all[0]!
  const names = shown(all.map(description => description.name))
  const what =
    name === undefined ? `--peer: ${folder} has ${all.length} peers; name one of` : `--peer ${name}: ${folder} has`
  throw new HearsayError('RUN', `${what} ${names}`)
}

function shown(names: readonly string[]): string {
  return names.slice(0, 20).join(', ') + (names.length > 20 ? ` and ${names.length - 20} more` : '')
}

async function lastOf(folder: string, description: PeerDescription): Promise<Checkpoint> {
  const { name } = description
  const path = pathOf(folder, name, 'safetensors')
  if (await isThere(path)) {
    const read = await readCheckpoint(path, kindOf(description))
    if (read.ok) return read.checkpoint
    throw new HearsayError('PARAMETERS', read.reason)
  }
  const saved = await latestCheckpoint({ folder: join(folder, 'checkpoints'), ...kindOf(description) })
  if (saved !== undefined) return saved
  throw new HearsayError('RUN', `has no parameters of ${name} yet; they are there after its first round`, {
    source: folder,
  })
}

/** Copies all tensors of a peer, as in its checkpoint. */
export function tensorsOfPeer({ description, ...last }: KeptPeer): ModelParameters {
  const { name } = description
  const { layout, vectors } = contentsOf(kindOf(description), { ...last, name, round: 0 })
  const values = new Float32Array(layout.size)
  let at = 0
  for (const vector of vectors) {
    values.set(vector, at)
    at += vector.length
  }
  return { layout, values }
}

function kindOf(description: PeerDescription): CheckpointKind {
  const { run, layout } = description
  return { runId: Buffer.from(run, 'hex'), layout, head: sharedOf(description).layout }
}

function pathOf(folder: string, name: string, ending: 'json' | 'safetensors'): string {
  return join(folder, 'peers', `${fileOf(name)}.${ending}`)
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(whenRefused('ENOENT', 'ENOTDIR')))?.isFile() === true
}

/** Reads a file, if it is a regular one and no larger than allowed. */
async function bytesOf(path: string, limit: number): Promise<Uint8Array> {
  try {
    return await readBounded(path, limit)
  } catch (error) {
    throw new HearsayError('RUN', whyNotRead(error), { source: path, cause: error })
  }
}
