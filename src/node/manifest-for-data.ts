import { loadDataset, peersByFile } from '../data/index.js'
import { type Manifest, parseManifest } from './manifest.js'

/**
 * As {@link parseManifest}, with what only the data tell: a folder with a table for each peer is not dealt again
 * (`partition: natural`), and of a natural partition there are as many peers as the data have. What is written stands.
 *
 * @param stated - the manifest as written, without its defaults
 * @param source - where it stands, for errors
 * @throws {@link HearsayError} `MANIFEST` where it is wrong, `DATA` where the data cannot be read
 */
export async function manifestForData(stated: object, source = 'manifest'): Promise<Manifest> {
  const plain = parseManifest(stated, source)
  const byFile = 'partition' in stated ? undefined : await peersByFile(plain.data)
  const parsed = byFile === undefined ? plain : parseManifest({ ...stated, partition: { kind: 'natural' } }, source)
  if (parsed.partition.kind !== 'natural' || 'peers' in stated) return parsed
  if (byFile !== undefined) return { ...parsed, peers: byFile.length }
  const { naturalPeers } = await loadDataset(parsed.data, parsed.seed)
  return naturalPeers === undefined ? parsed : { ...parsed, peers: naturalPeers.names.length }
}
