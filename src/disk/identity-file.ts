import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { HearsayError } from '../errors.js'
import { createIdentity, type Identity, identityOf, keyFromSeed } from '../node/index.js'
import { whyNot } from '../system-errors.js'
import { explainDisk, makeFolder, syncFolder, unfinishedName, writeThrough } from './durable.js'
import type { PeerSettings } from './peer-files.js'

/** An identity's file has two lines; a larger file is something else. */
export const identityLimitBytes = 4096

/** First line of an identity's file. */
const notice =
  '# The private key of a Hearsay peer (Ed25519, libp2p protobuf, base64). Keep it secret: whoever has it is this peer.'

/** Permission bits of the group and of everybody. */
const othersMask = 0o077

/**
 * Reads the identity in a file, or creates it, with the file's parent folders. Two processes that create it at once get
 * the same one. Only the file's owner may read it.
 *
 * @throws {@link HearsayError} RUN where others may read the file (not checked on Windows, which has no such bits), or
 * it contains no Ed25519 key, or cannot be read or written
 */
export async function loadOrCreateIdentity(path: string): Promise<Identity> {
  return (await loadIdentity(path)) ?? (await storeIdentity(path, await createIdentity()))
}

/**
 * The identity in a file; undefined where there is no file.
 *
 * @throws {@link HearsayError} RUN as `loadOrCreateIdentity`
 */
async function loadIdentity(path: string): Promise<Identity | undefined> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new HearsayError('RUN', `${whyNot(error)}; it should be the file of a peer's private key`, { source: path })
  }
  try {
    const status = await file.stat()
    if (!status.isFile())
      throw new HearsayError('RUN', `is no file; name the file of a peer's private key`, { source: path })
    if (process.platform !== 'win32' && (status.mode & othersMask) !== 0) {
      throw new HearsayError('RUN', `others may read this private key; run: chmod 600 ${path}`, { source: path })
    }
    if (status.size > identityLimitBytes) throw noIdentity(path, `${status.size} bytes`)
    return identityOf(await keyIn(await file.readFile('utf8'), path))
  } finally {
    await file.close()
  }
}

/**
 * The identity that a run was begun with.
 *
 * @throws {@link HearsayError} RUN where it is lost: a new one would make this an unknown peer
 */
export async function loadOwnIdentity(path: string, { id }: Pick<PeerSettings, 'id'>): Promise<Identity> {
  const identity = await loadIdentity(path)
  if (identity?.peerId.toString() === id) return identity
  const what = identity === undefined ? 'is missing' : `is the key of ${identity.peerId}`
  throw new HearsayError(
    'RUN',
    `${what}, and this run was begun as ${id}; bring back that one's from a copy, or join the run as another peer, with another --out`,
    { source: path },
  )
}

async function keyIn(text: string, path: string): Promise<Ed25519PrivateKey> {
  const lines = text.split('\n').filter(line => line.trim() !== '' && !line.startsWith('#'))
  const base64 = lines[0]?.trim()
  if (base64 === undefined || lines.length > 1) throw noIdentity(path, `${lines.length} lines that are no comment`)
  const bytes = Buffer.from(base64, 'base64')
  // Buffer skips characters that are not base64.
  if (bytes.toString('base64') !== base64) throw noIdentity(path, 'what is not base64')
  try {
    const key = privateKeyFromProtobuf(bytes)
    // The file contains both keys of the pair. After damage they no longer match, or are encoded otherwise.
    if (key.type === 'Ed25519') {
      const pair = keyFromSeed(key.raw.subarray(0, 32))
      if (bytes.equals(privateKeyToProtobuf(pair))) return pair
    }
  } catch {
    // Reported below: the decoder's message may contain parts of the key.
  }
  throw noIdentity(path, 'another kind of key, or a damaged one')
}

function noIdentity(path: string, instead: string): HearsayError {
  return new HearsayError(
    'RUN',
    `holds ${instead} instead of one Ed25519 private key; bring back the file from a copy, or move it away to become a new peer`,
    { source: path },
  )
}

async function storeIdentity(path: string, identity: Identity): Promise<Identity> {
  const unfinished = unfinishedName(path)
  const key = Buffer.from(privateKeyToProtobuf(identity.privateKey)).toString('base64')
  try {
    await makeFolder(dirname(path))
    await writeThrough(unfinished, file => file.writeFile(`${notice}\n${key}\n`), 0o600)
    try {
      // Unlike a rename, a link never replaces a key that another process has created meanwhile.
      await link(unfinished, path)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') return (await loadIdentity(path))!
      // A file system without links, as on memory cards.
      await rename(unfinished, path)
    } finally {
      await rm(unfinished, { force: true })
    }
    await syncFolder(dirname(path))
    return identity
  } catch (error) {
    throw explainDisk(error, path, 'The private key of this peer was not kept')
  }
}
