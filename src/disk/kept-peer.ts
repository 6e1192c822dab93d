import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readBounded, whyNotRead } from '../bounded-file.js'
import { HearsayError } from '../errors.js'
import { whenRefused } from '../system-errors.js'
import {
  allocate,
  decodeSafetensors,
  headSection,
  type Layout,
  safetensorsLimits,
  sameLayout,
} from '../tensors/index.js'
import { latestCheckpoint } from './checkpoints.js'
import {
  decodeDescription,
  descriptionBytes,
  encodeDescription,
  headLayerOf,
  type PeerDescription,
} from './description.js'
import { explainDisk, makeFolder, replaceFile } from './durable.js'
import { decodeExperts, encodeExperts, type KeptExpert } from './experts-file.js'
import { fileOf } from './run-folder.js'

/*
 * What a run folder holds of each peer's model:
 *
 *   peers/<name>.json              what it is: see description.ts
 *   peers/<name>.safetensors       its parameters; of a peer in the field they are its last checkpoint
 *   mixtures/<name>.safetensors    of a mixture: its transforms and gate, as MixtureLearner.save() gives them
 *   experts/<name>.safetensors     of a mixture: the heads that it received, see experts-file.ts
 */

/** What a mixture needs beside the peer's own model. */
export interface KeptMixture {
  /** What `MixtureLearner.save()` gives. */
  readonly weights: Uint8Array
  readonly experts: readonly KeptExpert[]
}

/** A peer's model, whole. */
export interface KeptPeer {
  readonly description: PeerDescription
  /** On shared memory. */
  readonly parameters: Float32Array
  readonly mixture?: KeptMixture
}

const folders = { peers: 'peers', mixtures: 'mixtures', experts: 'experts', checkpoints: 'checkpoints' } as const

/** As many as a simulation has. */
const peersLimit = 100_000

/**
 * Writes what a run folder must hold of a peer's model, besides its parameters. Files are replaced whole: may be called
 * after every round.
 *
 * @param folder - of the run
 * @param mixture - of a run with a mixture, once there is one
 * @throws {@link HearsayError} `RUN` where the disk is full or cannot be written
 */
export async function keepPeer(folder: string, description: PeerDescription, mixture?: KeptMixture): Promise<void> {
  try {
    await put(pathOf(folder, 'peers', description.name, 'json'), encodeDescription(description))
    if (mixture === undefined) return
    const { layout } = headSection(description.layout, headLayerOf(description))
    await put(pathOf(folder, 'mixtures', description.name), mixture.weights)
    await put(pathOf(folder, 'experts', description.name), encodeExperts(mixture.experts, layout))
  } catch (error) {
    throw explainDisk(error, folder, 'What is needed to use the model afterwards was not kept')
  }
}

/**
 * The names of the peers whose models a run folder holds, in order.
 *
 * @throws {@link HearsayError} `RUN` when it is no run folder, or holds none
 */
export async function keptPeers(folder: string): Promise<string[]> {
  return (await descriptionsIn(folder)).map(({ name }) => name)
}

async function descriptionsIn(folder: string): Promise<PeerDescription[]> {
  let files: string[]
  try {
    files = (await readdir(join(folder, folders.peers))).filter(file => file.endsWith('.json')).sort(inNumberOrder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new HearsayError('RUN', `${folder}: has no folder "peers" (${code}); name the folder of a run`, {
      cause: error,
    })
  }
  if (files.length === 0) {
    throw new HearsayError(
      'RUN',
      `${folder}: says of no peer what its model is; was the run ended before it began, or made by an earlier version of Hearsay?`,
    )
  }
  if (files.length > peersLimit)
    throw new HearsayError('RUN', `${folder}: has ${files.length} peers; at most ${peersLimit}`)
  const descriptions: PeerDescription[] = []
  for (const file of files) {
    const path = join(folder, folders.peers, file)
    descriptions.push(decodeDescription(new TextDecoder().decode(await bytesOf(path, descriptionBytes)), path))
  }
  return descriptions
}

/** peer-2 before peer-10. */
function inNumberOrder(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

/**
 * Reads a peer's model.
 *
 * @param name - of the peer; may be left out where the folder has one
 * @throws {@link HearsayError} `RUN` when there is no such peer, or what is kept of it is damaged; `PARAMETERS` likewise
 */
export async function readPeer(folder: string, name?: string): Promise<KeptPeer> {
  const description = await descriptionOf(folder, name)
  const parameters = await parametersOf(folder, description)
  if (description.mixture === undefined) return { description, parameters }
  const [weights, experts] = [pathOf(folder, 'mixtures', description.name), pathOf(folder, 'experts', description.name)]
  // Before the first exchange there is no mixture yet: the own head then answers alone.
  if (!(await isThere(weights)) || !(await isThere(experts))) return { description, parameters }
  const { layout } = headSection(description.layout, headLayerOf(description))
  return {
    description,
    parameters,
    mixture: {
      weights: await bytesOf(weights, safetensorsLimits.totalBytes),
      experts: decodeExperts(await bytesOf(experts, safetensorsLimits.totalBytes), layout, experts),
    },
  }
}

async function descriptionOf(folder: string, name: string | undefined): Promise<PeerDescription> {
  if (name !== undefined) {
    const path = pathOf(folder, 'peers', name, 'json')
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

async function parametersOf(folder: string, { name, run, layout }: PeerDescription): Promise<Float32Array> {
  const path = pathOf(folder, 'peers', name)
  if (await isThere(path)) {
    const read = decodeSafetensors(await bytesOf(path, safetensorsLimits.totalBytes), path)
    return checked(read.values, read.layout, layout, path)
  }
  const runId = Buffer.from(run, 'hex')
  const saved = await latestCheckpoint({ folder: join(folder, folders.checkpoints), runId, layout })
  if (saved === undefined) {
    throw new HearsayError('RUN', `${folder}: has no parameters of ${name} yet; they are there after its first round`)
  }
  return checked(saved.parameters, layout, layout, folder)
}

function checked(values: Float32Array, given: Layout, wanted: Layout, source: string): Float32Array {
  const wrong = (what: string): HearsayError => new HearsayError('PARAMETERS', `${source}: ${what}`)
  if (!sameLayout(given, wanted)) throw wrong('holds another model than is described beside it')
  if (!values.every(Number.isFinite)) throw wrong('holds numbers that are not finite')
  if (values.buffer instanceof SharedArrayBuffer) return values
  const shared = allocate(wanted)
  shared.set(values)
  return shared
}

function pathOf(folder: string, kind: keyof typeof folders, name: string, ending = 'safetensors'): string {
  return join(folder, folders[kind], `${fileOf(name)}.${ending}`)
}

async function put(path: string, contents: string | Uint8Array): Promise<void> {
  await makeFolder(join(path, '..'))
  await replaceFile(path, contents)
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(whenRefused('ENOENT', 'ENOTDIR')))?.isFile() === true
}

/** A whole file, if it is a regular one and no larger than allowed. */
async function bytesOf(path: string, limit: number): Promise<Uint8Array> {
  try {
    return await readBounded(path, limit)
  } catch (error) {
    throw new HearsayError('RUN', `${path}: ${whyNotRead(error)}`, { cause: error })
  }
}
