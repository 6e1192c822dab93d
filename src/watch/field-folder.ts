import { readdir, readFile, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import * as z from 'zod'
import { HearsayError } from '../errors.js'
import {
  explainDisk,
  isLockFile,
  lockFolder,
  type Manifest,
  type Member,
  makeFolder,
  manifestYaml,
  parseManifest,
  readManifestFile,
  replaceFile,
} from '../node/index.js'
import { type MetricsFile, openMetrics } from './metrics-file.js'

/** What a folder is opened for. */
export type FieldFolderInit =
  | { readonly resume: false; readonly manifest: Manifest; readonly signal: AbortSignal }
  | { readonly resume: true; readonly signal: AbortSignal }

/**
 * What one peer in the field keeps on disk, so that it can come back. One process at a time has it. Files are replaced
 * whole, so that a reader, or who comes back after a power cut, sees one state or the other.
 *
 * ```
 * manifest.yaml    the run
 * identity.key     who this peer is: its owner's alone
 * peer.json        what it was started with: its name, its data, where it listens
 * peers.json       whom it met and where they listened
 * metrics.jsonl    every event, over all times it was resumed; a round may be in it twice, and the later one counts
 * checkpoints/     its model between rounds
 * summary.json     how it went, written at the end
 * ```
 */
export interface FieldFolder {
  readonly path: string
  readonly manifest: Manifest
  /** For `loadOrCreateIdentity`. */
  readonly identityPath: string
  /** For `createCheckpoints`. */
  readonly checkpointsPath: string
  /** Aborted when another process took the folder: see `Lock`. */
  readonly lost: AbortSignal
  /** One line of `metrics.jsonl`. */
  readonly append: MetricsFile['append']
  /** Remembers what this peer was started with. */
  writeSettings(settings: PeerSettings): Promise<void>
  /**
   * What it was started with.
   *
   * @throws {@link HearsayError} RUN when `peer.json` is not there, or not what was written
   */
  readSettings(): Promise<PeerSettings>
  /** Remembers whom to dial next time. Calls wait for each other. */
  writeMembers(members: readonly Member[]): Promise<void>
  /**
   * Whom it remembers: nobody in a new folder.
   *
   * @throws {@link HearsayError} RUN when `peers.json` is not what was written
   */
  readMembers(): Promise<Member[]>
  writeSummary(summary: object): Promise<void>
  /** Lets go of the folder. Twice is once. */
  close(): Promise<void>
  /**
   * Lets go of a new folder, and takes it away again where nothing has happened in it, as where the data do not fit:
   * who mends that and tries again is not to find it full. Nothing after `close`.
   */
  abandon(): Promise<void>
}

/** What a peer was started with and goes on with. */
export interface PeerSettings {
  readonly name: string
  /** Its own data: a file, a folder, or a shipped set. */
  readonly data?: string | undefined
  /** Otherwise its share of the manifest's. */
  readonly share?: number | undefined
  readonly listen: readonly string[]
}

const settingsSchema = z.strictObject({
  name: z.string().min(1).max(64),
  data: z.string().min(1).max(4096).optional(),
  share: z.int().min(0).max(1_000_000).optional(),
  listen: z.array(z.string().min(1).max(512)).min(1).max(16),
})
const settingsBytes = 16 * 1024

/** Peers come and go; so many, with so many addresses each, are enough to find some of them again. */
export const membersLimits = { members: 1024, addresses: 8, addressLength: 512 } as const
/** What `peers.json` takes at most, with its quotes and indentation. */
const membersBytes = membersLimits.members * (membersLimits.addresses * (membersLimits.addressLength + 32) + 512)

const text = (most: number): z.ZodString => z.string().min(1).max(most)
const membersSchema = z
  .array(
    z.strictObject({
      name: text(64),
      id: text(128),
      addresses: z.array(text(membersLimits.addressLength)).max(membersLimits.addresses),
    }),
  )
  .max(membersLimits.members)

/** What a crash may have left of the files here. */
const unfinished = /^(manifest\.yaml|peer\.json|peers\.json|summary\.json|identity\.key)\.[0-9a-f]{16}\.part$/

/** What a folder holds before anything has happened in it. */
const newFiles = ['manifest.yaml', 'identity.key', 'peer.json', 'metrics.jsonl']

/**
 * Makes a new run folder (`resume: false`), or opens one that is there.
 *
 * @throws {@link HearsayError} RUN where a new one is not empty, where there is nothing to resume, or where another
 * process has the folder
 */
export async function openRunFolder(path: string, init: FieldFolderInit): Promise<FieldFolder> {
  if (init.resume) await mustHaveManifest(path)
  else await makeEmpty(path)
  const lock = await lockFolder(path, init.signal)
  try {
    // Looked at again: until the lock was ours another process may have begun here.
    if (!init.resume) await makeEmpty(path)
    const manifestPath = join(path, 'manifest.yaml')
    if (!init.resume) await kept(path, replaceFile(manifestPath, manifestYaml(init.manifest)))
    const manifest = parseManifest(await readManifestFile(manifestPath), manifestPath)
    for (const file of await readdir(path)) if (unfinished.test(file)) await rm(join(path, file), { force: true })
    const metrics = await kept(path, openMetrics(join(path, 'metrics.jsonl')))
    return folderOf(path, manifest, metrics, lock)
  } catch (error) {
    await lock.release()
    throw error
  }
}

function folderOf(
  path: string,
  manifest: Manifest,
  metrics: MetricsFile,
  lock: { readonly lost: AbortSignal; release(): Promise<void> },
): FieldFolder {
  const membersPath = join(path, 'peers.json')
  let writing: Promise<unknown> = Promise.resolve()
  let closed: Promise<void> | undefined
  let isEmpty = true
  const json = (name: string, value: unknown): Promise<void> => {
    const written = writing.then(() => kept(path, replaceFile(join(path, name), `${JSON.stringify(value, null, 2)}\n`)))
    writing = written.catch(() => {})
    return written
  }
  const close = (): Promise<void> => {
    closed ??= writing.then(() => metrics.close()).finally(() => lock.release())
    return closed
  }
  return {
    path,
    manifest,
    identityPath: join(path, 'identity.key'),
    checkpointsPath: join(path, 'checkpoints'),
    lost: lock.lost,
    append(event) {
      isEmpty = false
      metrics.append(event)
    },
    writeSettings: settings => json('peer.json', settings),
    readSettings: () => settingsIn(join(path, 'peer.json')),
    writeMembers: members =>
      json(
        'peers.json',
        members.slice(0, membersLimits.members).map(({ name, peerId, addresses }) => ({
          name,
          id: peerId.toString(),
          addresses: addresses
            .map(String)
            .filter(address => address.length <= membersLimits.addressLength)
            .slice(0, membersLimits.addresses),
        })),
      ),
    readMembers: () => membersIn(membersPath),
    writeSummary(summary) {
      isEmpty = false
      return json('summary.json', summary)
    },
    close,
    async abandon() {
      if (closed !== undefined || !isEmpty) return close()
      closed = (async () => {
        await writing
        await metrics.close()
        for (const file of newFiles) await rm(join(path, file), { force: true })
        await lock.release()
        // Not empty where another process has come meanwhile.
        await rmdir(path).catch(() => {})
      })()
      await closed
    },
  }
}

async function settingsIn(path: string): Promise<PeerSettings> {
  const wrong = (what: string): HearsayError =>
    new HearsayError('RUN', `${path}: ${what}; join the run anew with another --out`)
  if (!(await exists(path))) throw wrong('is not there')
  if ((await stat(path)).size > settingsBytes) throw wrong(`has more than ${settingsBytes} bytes`)
  try {
    return settingsSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    throw wrong('is not as it was written')
  }
}

async function membersIn(path: string): Promise<Member[]> {
  if (!(await exists(path))) return []
  const { size } = await stat(path)
  if (size > membersBytes) throw damaged(path, `has ${size} bytes; at most ${membersBytes} are read`)
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch {
    throw damaged(path, 'is not JSON')
  }
  const result = membersSchema.safeParse(value)
  if (!result.success) throw damaged(path, `${result.error.issues[0]!.path.join('.')}: is not as it was written`)
  return result.data.map(({ name, id, addresses }, at) => {
    try {
      return { name, peerId: peerIdFromString(id), addresses: addresses.map(address => multiaddr(address)) }
    } catch (error) {
      throw damaged(path, `${at}: has an id or an address that is none (${(error as Error).message})`)
    }
  })
}

function damaged(path: string, what: string): HearsayError {
  return new HearsayError('RUN', `${path}: ${what}; remove the file, and the peers are found anew`)
}

async function mustHaveManifest(path: string): Promise<void> {
  if (await exists(join(path, 'manifest.yaml'))) return
  throw new HearsayError(
    'RUN',
    `--resume ${path}: there is no manifest.yaml in it; name the folder of a run that was started or joined here`,
  )
}

async function makeEmpty(path: string): Promise<void> {
  let files: string[]
  try {
    await makeFolder(path)
    files = await readdir(path)
  } catch (error) {
    throw new HearsayError('RUN', `--out ${path}: cannot be made (${(error as NodeJS.ErrnoException).code})`)
  }
  if (files.every(isLockFile)) return
  const resumable = files.includes('manifest.yaml') ? `, or go on with it: --resume ${path}` : ''
  throw new HearsayError('RUN', `--out ${path}: is not empty; name a new folder${resumable}`)
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw new HearsayError('RUN', `${path}: cannot be read (${code})`)
  }
}

async function kept<T>(path: string, written: Promise<T>): Promise<T> {
  try {
    return await written
  } catch (error) {
    throw explainDisk(error, path, 'The run was not kept; checkpoints saved before are whole')
  }
}
