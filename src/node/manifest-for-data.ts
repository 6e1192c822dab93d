import { isOfRows, loadDataset, peersByFile } from '../data/index.js'
import { defaultModel, defaultModelOfRows, type Manifest, parseManifest } from './manifest.js'

/**
 * Like {@link parseManifest}, with what only the data determine: a folder with a table for each peer is not dealt again
 * (`partition: natural`), a natural partition has as many peers as the data have, and rows of a table are not images
 * (`model: mlp`). Fields that are written are kept.
 *
 * @param written - the manifest as written, without its defaults
 * @param source - its name in errors
 * @throws {@link HearsayError} `MANIFEST` where it is wrong, `DATA` where the data cannot be read
 */
export async function manifestForData(written: object, source = 'manifest'): Promise<Manifest> {
  const stated = await withUsualModel(written, source)
  const plain = parseManifest(stated, source)
  const byFile = 'partition' in stated ? undefined : await peersByFile(plain.data)
  const parsed = byFile === undefined ? plain : parseManifest({ ...stated, partition: { kind: 'natural' } }, source)
  if (parsed.partition.kind !== 'natural' || 'peers' in stated) return parsed
  if (byFile !== undefined) return { ...parsed, peers: byFile.length }
  const { naturalPeers } = await loadDataset(parsed.data, parsed.seed)
  return naturalPeers === undefined ? parsed : { ...parsed, peers: naturalPeers.names.length }
}

/**
 * Adds to a manifest that names no model the usual one for its data: rows of a table are not images. A model section
 * that names only a layer refers to that model.
 *
 * @throws {@link HearsayError} `MANIFEST` where it is wrong
 */
export async function withUsualModel(written: object, source = 'manifest'): Promise<object> {
  const { model = {} } = written as { readonly model?: unknown }
  if (typeof model !== 'object' || model === null || 'kind' in model || 'path' in model) return written
  const { data } = parseManifest({ ...written, model: defaultModel }, source)
  const kind = (await isOfRows(data)) ? defaultModelOfRows : defaultModel
  return { ...written, model: { kind, ...model } }
}
