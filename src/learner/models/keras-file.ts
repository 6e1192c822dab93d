import { buffer } from 'node:stream/consumers'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { HearsayError } from '../../errors.js'
import { readHdf5 } from './hdf5.js'
import type { Hdf5Contents } from './hdf5-contents.js'
import { type GivenWeight, type ModelFile, type ModelFileLimits, parseJson } from './model-json.js'

/** A .keras file has three. */
const entryLimit = 1000

/** In the order in which Keras' layers make their weights, and so number them. */
const weightNames: Readonly<Record<string, readonly (readonly [name: string, unless?: string])[]>> = {
  Dense: [['kernel'], ['bias', 'use_bias']],
  Conv2D: [['kernel'], ['bias', 'use_bias']],
  BatchNormalization: [['gamma', 'scale'], ['beta', 'center'], ['moving_mean'], ['moving_variance']],
  LayerNormalization: [
    ['gamma', 'scale'],
    ['beta', 'center'],
  ],
  GroupNormalization: [
    ['gamma', 'scale'],
    ['beta', 'center'],
  ],
}

interface KerasLayer {
  readonly class_name?: unknown
  readonly config?: Readonly<Record<string, unknown>>
}

/**
 * Reads what Keras 3 saves as .keras: a zip archive of config.json, the layers, and model.weights.h5, in which each
 * layer's weights are numbered, under a group that has the layer's name as an attribute.
 *
 * @throws {@link HearsayError} `MODEL`
 */
export async function readKerasFile(path: string, limits: ModelFileLimits): Promise<ModelFile> {
  const wrong = (what: string): HearsayError => new HearsayError('MODEL', what, { source: path })
  let zip: ZipFile | undefined
  try {
    zip = await openPromise(path, { autoClose: false })
    const entries = await entriesOf(zip, wrong)
    const config = entries.get('config.json')
    const weights = entries.get('model.weights.h5')
    if (config === undefined || weights === undefined) throw wrong(otherArchive(entries))
    const topology = parseJson(await unpacked(zip, config, limits.jsonBytes, wrong), `${path}: config.json`)
    const bytes = await unpacked(zip, weights, limits.weightBytes, wrong)
    return { topology, weights: numbered(topology, await readHdf5(bytes, `${path}: model.weights.h5`), wrong) }
  } catch (error) {
    if (error instanceof HearsayError) throw error
    throw new HearsayError('MODEL', `is a damaged zip archive (${(error as Error).message}); save it again`, {
      source: path,
      cause: error,
    })
  } finally {
    zip?.close()
  }
}

async function entriesOf(zip: ZipFile, wrong: (what: string) => HearsayError): Promise<Map<string, Entry>> {
  if (zip.entryCount > entryLimit) throw wrong(`has ${zip.entryCount} entries; at most ${entryLimit} are read`)
  const entries = new Map<string, Entry>()
  for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry)
  return entries
}

/** What a zip archive is that is no .keras file, and what to do. */
function otherArchive(entries: ReadonlyMap<string, Entry>): string {
  const has = (end: string): boolean => [...entries.keys()].some(name => name.endsWith(end))
  if (has('.pkl')) {
    return 'is a PyTorch file, which holds no layers that can be read; build the model in Keras and save it with model.save("model.keras")'
  }
  if (has('saved_model.pb')) {
    return 'is a zipped SavedModel; load it in Keras and save it with model.save("model.keras")'
  }
  if (has('.npy')) return 'holds arrays without layers; save the model itself with model.save("model.keras")'
  return 'is a zip archive without config.json and model.weights.h5; save the model with model.save("model.keras")'
}

async function unpacked(
  zip: ZipFile,
  entry: Entry,
  limit: number,
  wrong: (what: string) => HearsayError,
): Promise<Buffer> {
  // yauzl ends the stream with an error when it grows beyond the size that the entry claims.
  if (entry.uncompressedSize > limit) {
    throw wrong(`${entry.fileName} has ${entry.uncompressedSize} bytes; at most ${limit} are read`)
  }
  return buffer(await zip.openReadStreamPromise(entry))
}

/** Gives the numbered weights their names: "dense/kernel". */
function numbered(
  topology: unknown,
  { texts, weights }: Hdf5Contents,
  wrong: (what: string) => HearsayError,
): Map<string, GivenWeight> {
  const layers = (topology as { config?: { layers?: unknown } } | null)?.config?.layers
  const groups = new Map<string, string>()
  for (const [path, name] of texts) {
    const group = /^(layers\/[^/]+\/vars)\/name$/.exec(path)?.[1]
    if (group !== undefined) groups.set(name, group)
  }
  const named = new Map<string, GivenWeight>()
  for (const { class_name, config = {} } of (Array.isArray(layers) ? layers : []) as readonly KerasLayer[]) {
    const expected = weightNames[String(class_name)] ?? []
    const group = groups.get(String(config.name))
    if (expected.length > 0 && group === undefined) {
      throw wrong(`has no weights of layer "${String(config.name)}" by its name; load and save it with Keras 3.15`)
    }
    const held = expected.filter(([, unless]) => unless === undefined || config[unless] !== false)
    for (const [place, [weight]] of held.entries()) {
      const given = weights.get(`${group}/${place}`)
      if (given !== undefined) named.set(`${String(config.name)}/${weight}`, given)
    }
  }
  return named
}
