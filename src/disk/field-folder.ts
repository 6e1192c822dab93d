import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { NotRead, readBounded } from '../bounded-file.js'
import { HearsayError } from '../errors.js'
import { type Manifest, manifestYaml, parseManifest, readManifestFile, runIdOf } from '../node/index.js'
import { whenRefused, whyNot } from '../system-errors.js'
import { explainDisk, makeFolder, replaceFile } from './durable.js'
import { isLockFile, type Lock, lockFolder } from './lock.js'
import { type MetricsFile, openMetrics } from './metrics-file.js'
import { exists, knownMembers, type MetMember, membersIn, type PeerSettings, settingsIn } from './peer-files.js'
import { nothingYet, type Outcome, outcomeIn, type SoFar, soFarIn } from './progress.js'

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
 * peer.json        what it was started with: its name, its data, its network; for its owner alone
 * peers.json       whom it met and where they listened
 * agreed.json      what peers added up before the first round, to see their columns on one scale
 * metrics.jsonl    every event, over all times it was resumed; a round may be in it twice, and the later one counts
 * checkpoints/     its model between rounds
 * summary.json     how it went, written at the end
 * ```
 */
export interface FieldFolder {
  readonly path: string
  readonly manifest: Manifest
  /** Made by this process: nothing has happened in it before. */
  readonly isNew: boolean
  /** What was there before this process, as `metrics.jsonl` tells it; undefined where a resumed folder has lost that file. */
  readonly before: SoFar | undefined
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
   * What it was started with, as this process has written it or one before.
   *
   * @throws {@link HearsayError} RUN when `peer.json` is not there, is not what was written, or is of another run than
   * `manifest.yaml`
   */
  readSettings(): Promise<PeerSettings>
  /** Remembers whom to dial next time. Calls wait for each other. */
  writeMembers(members: readonly MetMember[]): Promise<void>
  /**
   * Whom it remembers.
   *
   * @throws {@link HearsayError} RUN when `peers.json` is not there, or not what was written
   */
  readMembers(): Promise<MetMember[]>
  /** Remembers what peers agreed on before the first round, in base64. */
  writeAgreed(sum: string): Promise<void>
  /** Nothing where they had not yet. */
  readAgreed(): Promise<string | undefined>
  writeSummary(summary: object): Promise<void>
  /** How it went the last time; undefined where that was not kept. */
  readOutcome(): Promise<Outcome | undefined>
  /** Lets go of the folder. Idempotent. */
  close(): Promise<void>
  /**
   * Lets go of the folder, and takes a new one away again where nothing has happened in it, as where the data do not
   * fit: a user that mends that and tries again is not to find it full. Nothing after `close`.
   */
  abandon(): Promise<void>
}

/** What a crash may have left of the files here. */
const unfinished =
  /^(manifest\.yaml|agreed\.json|peer\.json|peers\.json|summary\.json|identity\.key)\.[0-9a-f]{16}\.part$/

/** What a folder holds before anything has happened in it. */
const newFiles = ['manifest.yaml', 'peer.json', 'peers.json', 'metrics.jsonl']

/** May be there before the run is: `hearsay id` makes it, for who must be known before it is let in. */
export const identityFile = 'identity.key'

/** A claim may have come along with a copy: then its process holds another folder, with the same identity in it. */
const copied = 'Was the folder copied? Two peers cannot share one identity: join with a new folder instead'

/**
 * Makes a new run folder (`resume: false`), or opens one that is there.
 *
 * @throws {@link HearsayError} RUN where a new one is not empty, where there is nothing to resume, or where another
 * process has the folder
 */
export async function openRunFolder(path: string, init: FieldFolderInit): Promise<FieldFolder> {
  if (init.resume) await mustHaveManifest(path)
  else await makeEmpty(path)
  const lock = await lockFolder(path, init.signal, { advice: copied })
  try {
    // Looked at again: until the lock was ours another process may have begun here.
    if (!init.resume) await makeEmpty(path)
    const hadIdentity = await exists(join(path, identityFile))
    const manifestPath = join(path, 'manifest.yaml')
    if (!init.resume) await kept(path, replaceFile(manifestPath, manifestYaml(init.manifest)))
    const manifest = parseManifest(await readManifestFile(manifestPath), manifestPath)
    for (const file of await readdir(path)) if (unfinished.test(file)) await rm(join(path, file), { force: true })
    const metricsPath = join(path, 'metrics.jsonl')
    const hasMetrics = await exists(metricsPath)
    const metrics = await kept(
      path,
      openMetrics(metricsPath, 'Metrics from here on were not kept; resume the run then'),
    )
    const before = hasMetrics ? await soFarIn(metricsPath) : init.resume ? undefined : nothingYet
    return folderOf({ path, manifest, isNew: !init.resume, before, metrics, lock, hadIdentity })
  } catch (error) {
    await lock.release()
    throw error
  }
}

/**
 * What a folder says of its peer, without taking it: the peer may be running.
 *
 * @throws {@link HearsayError} RUN when no run was begun there
 */
export async function readRunFolder(
  path: string,
): Promise<{ readonly manifest: Manifest; readonly identityPath: string; readonly settings: PeerSettings }> {
  await mustHaveManifest(path)
  const manifestPath = join(path, 'manifest.yaml')
  const manifest = parseManifest(await readManifestFile(manifestPath), manifestPath)
  const settings = await settingsIn(join(path, 'peer.json'))
  return { manifest, identityPath: join(path, identityFile), settings }
}

interface OpenFolder extends Pick<FieldFolder, 'path' | 'manifest' | 'isNew' | 'before'> {
  readonly metrics: MetricsFile
  readonly lock: Pick<Lock, 'lost' | 'release'>
  readonly hadIdentity: boolean
}

function folderOf({ path, manifest, isNew, before, metrics, lock, hadIdentity }: OpenFolder): FieldFolder {
  const membersPath = join(path, 'peers.json')
  let writing: Promise<unknown> = Promise.resolve()
  let closed: Promise<void> | undefined
  let isEmpty = isNew
  let known: PeerSettings | undefined
  const json = (name: string, value: unknown, mode?: number): Promise<void> => {
    const text = `${JSON.stringify(value, null, 2)}\n`
    const written = writing.then(() => kept(path, replaceFile(join(path, name), text, mode)))
    // The next one waits for its end alone; how it ended, its own caller hears.
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
    isNew,
    before,
    identityPath: join(path, identityFile),
    checkpointsPath: join(path, 'checkpoints'),
    lost: lock.lost,
    append(event) {
      isEmpty = false
      metrics.append(event)
    },
    writeSettings(settings) {
      known = settings
      return json('peer.json', settings, 0o600)
    },
    async readSettings() {
      if (known !== undefined) return known
      const settings = await settingsIn(join(path, 'peer.json'))
      const run = Buffer.from(runIdOf(manifest)).toString('hex')
      if (settings.run === run) return settings
      throw new HearsayError(
        'RUN',
        `is that of run ${run}, and this folder's is ${settings.run}; bring back its own, which every peer of the run has, or start anew with another --out`,
        { source: join(path, 'manifest.yaml') },
      )
    },
    writeMembers: members => json('peers.json', knownMembers(members)),
    readMembers: () => membersIn(membersPath),
    writeSummary(summary) {
      isEmpty = false
      return json('summary.json', summary)
    },
    readOutcome: () => outcomeIn(join(path, 'summary.json')),
    writeAgreed: sum => json('agreed.json', { sum }),
    readAgreed: () => agreedIn(join(path, 'agreed.json')),
    close,
    async abandon() {
      if (closed !== undefined || !isEmpty) return close()
      closed = (async () => {
        await writing
        await metrics.close()
        for (const file of [...newFiles, ...(hadIdentity ? [] : [identityFile])])
          await rm(join(path, file), { force: true })
        await lock.release()
        // Not empty where another process has come meanwhile.
        await rmdir(path).catch(whenRefused('ENOTEMPTY', 'EEXIST', 'ENOENT'))
      })()
      await closed
    },
  }
}

/** The widest table's sums take 11 MB. */
const agreedBytes = 32 << 20

async function agreedIn(path: string): Promise<string | undefined> {
  if (!(await exists(path))) return undefined
  let what = 'is not what was written there'
  try {
    const { sum } = JSON.parse((await readBounded(path, agreedBytes)).toString('utf8')) as { sum?: unknown }
    if (typeof sum === 'string') return sum
  } catch (error) {
    if (error instanceof NotRead) what = error.message
  }
  throw new HearsayError('RUN', `${what}; take it away, and the others are asked`, { source: path })
}

/** Has a run been begun in this folder? */
export function hasRun(path: string): Promise<boolean> {
  return exists(join(path, 'manifest.yaml'))
}

async function mustHaveManifest(path: string): Promise<void> {
  if (await hasRun(path)) return
  const instead = (await exists(join(path, 'peer.json')))
    ? "manifest.yaml is missing; copy it from any other peer's folder of this run"
    : 'there is no manifest.yaml in it; name the folder of a run that was started or joined here'
  throw new HearsayError('RUN', instead, { field: '--resume', value: path })
}

async function makeEmpty(path: string): Promise<void> {
  let files: string[]
  try {
    await makeFolder(path)
    files = await readdir(path)
  } catch (error) {
    throw new HearsayError('RUN', whyNot(error), { field: '--out', value: path })
  }
  if (files.every(file => isLockFile(file) || file === identityFile)) return
  const resumable = files.includes('manifest.yaml') ? `, or go on with it: --resume ${path}` : ''
  throw new HearsayError('RUN', `is not empty; name a new folder${resumable}`, { field: '--out', value: path })
}

async function kept<T>(path: string, written: Promise<T>): Promise<T> {
  try {
    return await written
  } catch (error) {
    throw explainDisk(error, path, 'The run was not kept; checkpoints saved before are whole')
  }
}
