import { isOfRows, loadDataset, peersByFile } from '../data/index.js'
import { defaultModel, defaultModelOfRows, type Manifest, parseManifest } from './manifest.js'

/**
 * As {@link parseManifest}, with what only the data tell: a folder with a table for each peer is not dealt again
 * (`partition: natural`), of a natural partition there are as many peers as the data have, and rows of a table are no
 * images (`model: mlp`). What is written stands.
 *
 * @param written - the manifest as written, without its defaults
 * @param source - where it stands, for errors
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
 * A manifest that names no model, with the usual one for what its data section names: rows of a table are no images. A
 * section that names only a layer is of that model.
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
